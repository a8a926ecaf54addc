import { useQuery } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";
import { api, body } from "@/shared/api/client";
import { span } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { ProgressBar } from "@/shared/ui/ProgressBar";
import { keys } from "@/shared/vault/keys";
import type { LibraryPlace } from "@/shared/vault/place";
import { useRetryAll } from "./actions";
import type { Go } from "./LibraryPage";
import styles from "./ReadingStrip.module.css";
import { useBatch } from "./useBatch";

/** What is being read in all, and what failed. Nothing when there is nothing to say. */
export function ReadingStrip({ place, go }: { place: LibraryPlace; go: Go }) {
  const { t } = useTexts("library");
  const totals = useQuery({ queryKey: keys.totals, queryFn: () => body(api.GET("/api/ingestion")) }).data;
  const open = totals ? totals.queued + totals.processing : 0;
  const { done, all } = useBatch(totals);
  const retry = useRetryAll();
  if (!totals || (open === 0 && totals.failed === 0)) return null;
  const left = totals.expected_seconds;
  return (
    <section className={styles.strip} aria-label={t("strip.label")}>
      {open > 0 && (
        <div className={styles.reading}>
          <p>
            {t("strip.reading", { done, count: all })}
            {left ? ` · ${t("left", { span: span(left) })}` : ""}
          </p>
          <ProgressBar label={t("strip.label")} value={all ? done / all : undefined} />
        </div>
      )}
      {totals.failed > 0 && place.status !== "failed" && (
        <Button size="s" kind="quiet" className={styles.failed} onClick={() => go({ status: "failed" })}>
          {t("strip.failed", { count: totals.failed })}
        </Button>
      )}
      {totals.failed > 0 && place.status === "failed" && (
        <Button size="s" icon={<RotateCw />} busy={retry.isPending} onClick={() => retry.mutate()}>
          {t("strip.retry")}
        </Button>
      )}
    </section>
  );
}
