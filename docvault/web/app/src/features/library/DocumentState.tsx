import { CircleAlert, Clock, LoaderCircle } from "lucide-react";
import { useFailureText } from "@/shared/lib/failure-text";
import { span } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { ProgressBar } from "@/shared/ui/ProgressBar";
import { Tooltip } from "@/shared/ui/Tooltip";
import type { DocumentView } from "@/shared/vault/types";
import type { Marks } from "./DocumentRow";
import styles from "./DocumentState.module.css";

type Props = { document: DocumentView; reached: boolean; marks: Marks };

/** Ready documents say how long they are; the others what is going on with them, or why they failed. */
export function DocumentState({ document, reached, marks }: Props) {
  if (document.status === "failed") return <Failed document={document} reached={reached} />;
  if (document.status === "queued") return <Queued document={document} />;
  if (document.status === "processing") return <Reading document={document} />;
  return (
    <span className={styles.quiet}>
      {document.pages > 0 && marks.common("pages", { count: document.pages })}
    </span>
  );
}

/** The reason in short; the reader says it in full, and what helps: a password, another try. */
function Failed({ document, reached }: Omit<Props, "marks">) {
  const { t } = useTexts("library");
  const { text, hint } = useFailureText()(document.error);
  const why = text || t("status.failed");
  return (
    <Tooltip
      content={
        <>
          <p>{why}</p>
          {hint && <p>{hint}</p>}
        </>
      }
    >
      <a
        data-open=""
        href={`/documents/${document.id}`}
        className={styles.failed}
        draggable={false}
        tabIndex={reached ? 0 : -1}
      >
        <CircleAlert aria-hidden="true" />
        <span className={styles.reason}>{why}</span>
      </a>
    </Tooltip>
  );
}

function Queued({ document }: { document: DocumentView }) {
  const { t } = useTexts("library");
  const place = document.queue_position;
  return (
    <span className={styles.quiet}>
      <Clock aria-hidden="true" />
      {place ? t("place", { place }) : t("status.queued")}
    </span>
  );
}

function Reading({ document }: { document: DocumentView }) {
  const { t } = useTexts("library");
  const { pages_done: done = 0, pages_total: count = 0, expected_seconds: left } = document;
  const stage = t(`stage.${document.stage as "extracting"}`, { defaultValue: t("status.processing") });
  const words = count > 1 ? t("reading", { done, count }) : stage;
  return (
    <span className={styles.reading} title={left ? t("left", { span: span(left) }) : undefined}>
      <span className={styles.quiet}>
        <LoaderCircle className={styles.turning} aria-hidden="true" />
        {words}
      </span>
      <ProgressBar label={words} value={document.progress} />
    </span>
  );
}
