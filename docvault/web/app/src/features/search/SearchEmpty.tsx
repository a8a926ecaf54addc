import { SearchX, Sparkles } from "lucide-react";
import { useTexts } from "@/shared/texts";
import { EmptyState } from "@/shared/ui/EmptyState";

export function SearchEmpty({ kind }: { kind: "start" | "nothing" }) {
  const { t } = useTexts("search");
  if (kind === "nothing")
    return (
      <EmptyState icon={<SearchX />} title={t("nothing.title")}>
        {t("nothing.text")}
      </EmptyState>
    );
  return (
    <EmptyState icon={<Sparkles />} title={t("start.title")}>
      <p>{t("start.text")}</p>
      <p>
        <kbd>/</kbd> {t("start.slash")} · <kbd>↓</kbd> <kbd>↑</kbd> {t("start.arrows")} · <kbd>Ctrl K</kbd>{" "}
        {t("start.palette")}
      </p>
    </EmptyState>
  );
}
