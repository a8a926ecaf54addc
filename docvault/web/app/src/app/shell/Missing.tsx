import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { FileQuestion } from "lucide-react";
import { asProblem } from "@/shared/api/problem";
import { useTexts } from "@/shared/texts";
import { EmptyState } from "@/shared/ui/EmptyState";
import { Broken } from "@/shared/ui/ErrorBoundary";

export function Missing() {
  const { t } = useTexts();
  return (
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
  );
}

export function RouteError({ error, reset }: ErrorComponentProps) {
  return <Broken error={asProblem(error)} onRetry={reset} />;
}
