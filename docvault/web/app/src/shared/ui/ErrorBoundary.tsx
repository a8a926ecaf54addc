import i18next from "i18next";
import { TriangleAlert } from "lucide-react";
import { Component, type ReactNode } from "react";
import { isMissing, loadAnew } from "@/shared/lib/parts";
import { useTexts } from "@/shared/texts";
import { Button } from "./Button";
import { EmptyState } from "./EmptyState";
import { toast } from "./toast";

type Props = {
  children: ReactNode;
  /** Another value gives the pane a new start. */
  resetKey?: string | undefined;
  /** For what stands over the page and is no pane of it: it goes, and a message says so. */
  over?: boolean;
};
type State = { error: Error | null };

/** Around each pane: what breaks in it stays in it. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override componentDidUpdate(before: Props): void {
    if (this.state.error && before.resetKey !== this.props.resetKey) this.setState({ error: null });
  }

  override componentDidCatch(error: Error): void {
    if (!this.props.over) return;
    const action = { label: i18next.t("action.retry"), run: () => this.again(error) };
    toast({ kind: "bad", text: i18next.t("broken.title"), detail: error.message, stays: Infinity, action });
  }

  again(error: Error): void {
    if (isMissing(error)) void loadAnew();
    else this.setState({ error: null });
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return this.props.over ? null : <Broken error={error} onRetry={() => this.setState({ error: null })} />;
  }
}

export function Broken({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { t } = useTexts();
  const missing = isMissing(error);
  return (
    <div role="alert">
      <EmptyState
        icon={<TriangleAlert />}
        title={missing ? t("broken.missing") : t("broken.title")}
        actions={<Button onClick={missing ? loadAnew : onRetry}>{t("action.retry")}</Button>}
      >
        <p>{missing ? t("broken.missingText") : t("broken.text")}</p>
        {!missing && (
          <p>
            <code>{error.message}</code>
          </p>
        )}
      </EmptyState>
    </div>
  );
}
