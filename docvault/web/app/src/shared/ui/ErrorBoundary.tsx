import { TriangleAlert } from "lucide-react";
import { Component, type ReactNode } from "react";
import { useTexts } from "@/shared/texts";
import { Button } from "./Button";
import { EmptyState } from "./EmptyState";

type Props = { children: ReactNode /** Another value gives the pane a new start. */; resetKey?: string };
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

  override render(): ReactNode {
    if (!this.state.error) return this.props.children;
    return <Broken error={this.state.error} onRetry={() => this.setState({ error: null })} />;
  }
}

export function Broken({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { t } = useTexts();
  return (
    <div role="alert">
      <EmptyState
        icon={<TriangleAlert />}
        title={t("broken.title")}
        actions={<Button onClick={onRetry}>{t("action.retry")}</Button>}
      >
        <p>{t("broken.text")}</p>
        <p>
          <code>{error.message}</code>
        </p>
      </EmptyState>
    </div>
  );
}
