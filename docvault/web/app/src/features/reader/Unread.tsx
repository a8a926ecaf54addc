import { Clock, FileWarning, LoaderCircle } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useFailureText } from "@/shared/lib/failure-text";
import { number, span } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { EmptyState } from "@/shared/ui/EmptyState";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { ProgressBar } from "@/shared/ui/ProgressBar";
import { TextField } from "@/shared/ui/TextField";
import type { DocumentView } from "@/shared/vault/types";
import { download, useRetry } from "./api";
import { canBeShown, Original } from "./Original";
import styles from "./Unread.module.css";

const LOCKED = ["encrypted", "wrong_password"];
const STAGES = ["scanning", "extracting", "embedding", "indexing"] as const;

/** A document that has no pages yet: how far it is, or why it failed and what to do. */
export function Unread({ document }: { document: DocumentView }) {
  const [original, setOriginal] = useState(false);
  if (document.status !== "failed") return <Waiting document={document} />;
  if (original) return <Original document={document} onBack={() => setOriginal(false)} />;
  return <Failed document={document} onOriginal={() => setOriginal(true)} />;
}

function Waiting({ document }: { document: DocumentView }) {
  const { t } = useTexts(["reader", "common"]);
  const queued = document.status === "queued";
  const stage = STAGES.find((one) => one === document.stage);
  const title = queued ? t("unread.queued") : stage ? t(`unread.stage.${stage}`) : t("unread.processing");
  return (
    <EmptyState icon={queued ? <Clock /> : <LoaderCircle />} title={title}>
      <div className={styles.progress}>
        <ProgressBar label={title} value={queued ? undefined : document.progress} />
        <p role="status">
          {[
            queued && document.queue_position
              ? t("unread.position", { position: number(document.queue_position) })
              : null,
            document.pages_total
              ? t("unread.pages", {
                  done: number(document.pages_done ?? 0),
                  total: number(document.pages_total),
                })
              : null,
            document.expected_seconds
              ? t("unread.expected", { span: span(document.expected_seconds) })
              : null,
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
        <p>{t("unread.comes")}</p>
      </div>
    </EmptyState>
  );
}

function Failed({ document, onOriginal }: { document: DocumentView; onOriginal: () => void }) {
  const { t } = useTexts(["reader", "common"]);
  const retry = useRetry(document.id);
  const [password, setPassword] = useState("");
  const why = useFailureText()(document.error);
  const code = document.error?.code ?? "";
  const locked = LOCKED.includes(code);
  const again = (event: FormEvent) => {
    event.preventDefault();
    retry.mutate(locked ? password : undefined);
  };
  return (
    <EmptyState icon={<FileWarning />} title={t(locked ? "failed.locked" : "failed.title")}>
      <form className={styles.failed} onSubmit={again}>
        {code !== "encrypted" && <p>{why.text}</p>}
        {why.hint && !locked && <p>{why.hint}</p>}
        {locked && (
          <TextField
            label={t("failed.password")}
            type="password"
            autoComplete="off"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            hint={t("failed.kept")}
            required
          />
        )}
        {why.said && !locked && (
          <details className={styles.said}>
            <summary>{t("failed.said")}</summary>
            <p lang="en">{why.said}</p>
          </details>
        )}
        {retry.error ? <ProblemNote error={retry.error} /> : null}
        <div className={styles.buttons}>
          <Button kind="primary" type="submit" busy={retry.isPending}>
            {t(locked ? "failed.open" : "common:action.retry")}
          </Button>
          {canBeShown(document) && <Button onClick={onOriginal}>{t("failed.look")}</Button>}
          <Download document={document} />
        </div>
      </form>
    </EmptyState>
  );
}

function Download({ document }: { document: DocumentView }) {
  const { t } = useTexts(["reader", "common"]);
  const [error, setError] = useState<unknown>(null);
  if (document.error?.code === "infected") return null;
  return (
    <>
      <Button onClick={() => download(document).then(() => setError(null), setError)}>
        {t("action.download")}
      </Button>
      {error ? <ProblemNote error={error} /> : null}
    </>
  );
}
