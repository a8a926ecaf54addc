import { skipToken, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { RotateCw, X } from "lucide-react";
import { failureText } from "@/shared/lib/failure-text";
import { bytes } from "@/shared/lib/format";

import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import { ProgressBar } from "@/shared/ui/ProgressBar";
import { fetchDocument } from "@/shared/vault/document";
import { wish } from "@/shared/vault/intents";
import { keys } from "@/shared/vault/keys";
import type { Item } from "./model";
import type { Queue } from "./queue";
import styles from "./UploadRow.module.css";

export function UploadRow({ item, queue }: { item: Item; queue: Queue }) {
  const { t } = useTexts("uploads");
  const going = item.stage === "waiting" || item.stage === "sending" || item.stage === "held";
  return (
    <div className={styles.row}>
      <div className={styles.words}>
        <Name item={item} />
        <p
          className={styles.state}
          data-bad={item.failure ? "" : undefined}
          title={item.failure?.hint ?? undefined}
        >
          <State item={item} />
        </p>
        {item.stage === "sending" && !item.failure && (
          <ProgressBar label={item.name} value={item.size ? item.sent / item.size : undefined} />
        )}
      </div>
      {item.stage === "failed" && (
        <IconButton label={t("retry", { name: item.name })} onClick={() => queue.retry(item.id)}>
          <RotateCw />
        </IconButton>
      )}
      {item.stage === "interrupted" && (
        <IconButton
          label={t("chooseAgain", { name: item.name })}
          onClick={() => wish("upload", { folder: item.folder })}
        >
          <RotateCw />
        </IconButton>
      )}
      {(going || item.stage === "interrupted") && (
        <IconButton label={t("cancel", { name: item.name })} onClick={() => queue.cancel(item.id)}>
          <X />
        </IconButton>
      )}
    </div>
  );
}

function Name({ item }: { item: Item }) {
  const shown = item.folder ? `${item.folder}/${item.name}` : item.name;
  if (!item.documentId) return <p className={styles.name}>{shown}</p>;
  return (
    <p className={styles.name}>
      <Link to="/documents/$documentId" params={{ documentId: item.documentId }} search={{}}>
        {shown}
      </Link>
    </p>
  );
}

function State({ item }: { item: Item }) {
  const { t } = useTexts("uploads");
  // The events say how far the document is; asked for once, and again after a break in them.
  const id = item.documentId;
  const document = useQuery({
    queryKey: keys.document(id ?? ""),
    queryFn: id ? () => fetchDocument(id) : skipToken,
    staleTime: Number.POSITIVE_INFINITY,
  }).data;
  if (item.failure && item.stage === "sending") return t("stage.again", { why: item.failure.text });
  if (item.failure) return [item.failure.text, item.failure.hint].filter(Boolean).join(" ");
  if (item.stage === "sending") return t("of", { sent: bytes(item.sent), size: bytes(item.size) });
  if (item.stage === "duplicate") return t("duplicate");
  if (item.stage === "waiting" || item.stage === "held") return t(`stage.${item.stage}`);
  if (item.stage !== "done") return t("stage.interrupted");
  if (!document || document.status === "queued") return t("stage.queued");
  if (document.status === "ready") return t("stage.ready");
  if (document.status === "failed" && document.error) return failureText(document.error).text;
  if (document.status === "failed") return t("stage.unreadable");
  return document.pages_total
    ? t("stage.pages", { done: document.pages_done, count: document.pages_total })
    : t("stage.processing");
}
