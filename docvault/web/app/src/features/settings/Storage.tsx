import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { api, body } from "@/shared/api/client";
import type { components } from "@/shared/api/schema";
import { bytes, number } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { Panel, Row, Rows } from "@/shared/ui/Panel";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { ProgressBar } from "@/shared/ui/ProgressBar";
import { Waiting } from "@/shared/ui/Waiting";
import { aboutQuery } from "@/shared/vault/about";
import { keys } from "@/shared/vault/keys";
import { useExport } from "./exporting";
import styles from "./Settings.module.css";

const NEARLY_FULL = 0.9;

const usageQuery = queryOptions({ queryKey: keys.usage, queryFn: () => body(api.GET("/api/usage")) });

export function Storage() {
  const { t } = useTexts("settings");
  const exporting = useExport();
  const usage = useQuery(usageQuery);
  return (
    <>
      <Panel title={t("storage.title")} text={t("storage.text")}>
        {usage.isPending && <Waiting />}
        {usage.isError && <ProblemNote error={usage.error} onRetry={() => void usage.refetch()} />}
        {usage.data && <Used usage={usage.data} />}
      </Panel>
      <Panel title={t("storage.export")} text={t("storage.exportText")}>
        <div className={styles.buttons}>
          <Button icon={<Download />} busy={exporting.isPending} onClick={() => exporting.mutate()}>
            {t("storage.exportSubmit")}
          </Button>
        </div>
      </Panel>
    </>
  );
}

function Used({ usage }: { usage: components["schemas"]["UsageView"] }) {
  const { t } = useTexts("settings");
  const share = usage.size_bytes / usage.max_bytes;
  const full = Math.max(share, usage.documents / usage.max_documents) >= NEARLY_FULL;
  return (
    <>
      <div className={styles.used}>
        <p className={styles.usedHead}>
          {t("storage.of", { used: bytes(usage.size_bytes), most: bytes(usage.max_bytes) })}
        </p>
        <ProgressBar label={t("storage.bar")} value={share} kind={full ? "bad" : "accent"} />
        {full && <p className={styles.warn}>{t("storage.full")}</p>}
      </div>
      <Rows>
        <Row title={t("storage.documents")}>
          <span className={styles.value}>
            {t("storage.documentsOf", {
              count: usage.documents,
              replace: { count: number(usage.documents), most: number(usage.max_documents) },
            })}
          </span>
        </Row>
        <Trash usage={usage} />
      </Rows>
    </>
  );
}

function Trash({ usage }: { usage: components["schemas"]["UsageView"] }) {
  const { t } = useTexts("settings");
  const { t: common } = useTexts();
  const days = useQuery(aboutQuery).data?.limits.trash_days;
  return (
    <Row
      title={t("storage.trash")}
      detail={days ? t("storage.trashText", { count: days }) : days === null && t("storage.trashKept")}
      wraps
    >
      <span className={styles.value}>
        {common("documents", { count: usage.trashed_documents })}, {bytes(usage.trashed_bytes)}
      </span>
      <Link to="/library" search={{ trash: true }}>
        {t("storage.openTrash")}
      </Link>
    </Row>
  );
}
