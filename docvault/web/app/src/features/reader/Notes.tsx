import { Highlighter, X } from "lucide-react";
import { useFailureText } from "@/shared/lib/failure-text";
import { percent } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { IconButton } from "@/shared/ui/IconButton";
import { toast } from "@/shared/ui/toast";
import type { DocumentView } from "@/shared/vault/types";
import { useRestore } from "./api";
import styles from "./Reader.module.css";

/** Says that something is cited and where; goes there, or takes the marks away. */
export function CitedChip({
  page,
  onShow,
  onClear,
}: {
  page: number;
  onShow: () => void;
  onClear: () => void;
}) {
  const { t } = useTexts("reader");
  return (
    <span className={styles.chip}>
      <button type="button" onClick={onShow} title={t("marks.show")} aria-label={t("marks.chip", { page })}>
        <Highlighter aria-hidden="true" />
        <span className={styles.chipText}>{t("marks.chip", { page })}</span>
      </button>
      <IconButton label={t("marks.clear")} onClick={onClear}>
        <X />
      </IconButton>
    </span>
  );
}

/** What people should know about what they read: it is in the trash, or a newer one is on its way. */
export function Notes({ document, trashed }: { document: DocumentView; trashed: boolean }) {
  const { t } = useTexts("reader");
  const why = useFailureText();
  const newer = document.status !== "ready" && document.status !== "failed";
  const failed = document.status === "failed";
  if (!trashed && !newer && !failed) return null;
  if (trashed) return <Trashed document={document} />;
  return (
    <p className={styles.note} role="status">
      {newer ? t("note.newer", { share: percent(document.progress) }) : null}
      {failed ? `${t("note.failed")} ${why(document.error).text}` : null}
    </p>
  );
}

export function Trashed({ document }: { document: DocumentView }) {
  const { t } = useTexts("reader");
  const restoring = useRestore(document);
  const restore = () =>
    restoring.mutate(undefined, { onSuccess: () => toast({ kind: "good", text: t("action.restored") }) });
  return (
    <div className={styles.note} role="status">
      <span>{t("note.trashed")}</span>
      <Button size="s" busy={restoring.isPending} onClick={restore}>
        {t("action.restore")}
      </Button>
    </div>
  );
}
