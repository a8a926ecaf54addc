import { Highlighter, X } from "lucide-react";
import { percent } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import type { DocumentView } from "@/shared/vault/types";
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
      <button type="button" onClick={onShow} title={t("marks.show")}>
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
  const newer = document.status !== "ready" && document.status !== "failed";
  const failed = document.status === "failed";
  if (!trashed && !newer && !failed) return null;
  return (
    <p className={styles.note} role="status">
      {trashed ? t("note.trashed") : newer ? t("note.newer", { share: percent(document.progress) }) : null}
      {!trashed && failed ? `${t("note.failed")} ${document.error?.detail ?? ""}` : null}
    </p>
  );
}
