import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { FileQuestion } from "lucide-react";
import { asProblem } from "@/shared/api/problem";
import { isMissing } from "@/shared/lib/parts";
import { useTexts } from "@/shared/texts";
import { EmptyState } from "@/shared/ui/EmptyState";
import { Broken } from "@/shared/ui/ErrorBoundary";

export function Missing() {
  const { t } = useTexts();
  return (
    <main>
      <h1 className="visually-hidden">{t("name")}</h1>
      <EmptyState
        icon={<FileQuestion />}
        title={t("missing.title")}
        actions={
          <Link to="/library" search={{}}>
            {t("missing.home")}
          </Link>
        }
      >
        {t("missing.text")}
      </EmptyState>
    </main>
  );
}

export function RouteError({ error, reset }: ErrorComponentProps) {
  return (
    <Broken error={error instanceof Error && isMissing(error) ? error : asProblem(error)} onRetry={reset} />
  );
}
