import { Link } from "@tanstack/react-router";
import { ChevronRight, FileX } from "lucide-react";
import { useTexts } from "@/shared/texts";
import { sourcePlace } from "../reading";
import type { Source, Turn } from "../types";
import styles from "./Sources.module.css";

/** The passages that were read for a question. Those that an answer cites are marked. */
export function Sources({ turn }: { turn: Turn }) {
  const { t } = useTexts("chat");
  const { t: common } = useTexts();
  const { sources } = turn;
  if (!sources?.length) return null;
  const cited = new Set(
    Object.values(turn.answers).flatMap((answer) => answer.citations.map((citation) => citation.marker)),
  );
  const files = new Set(sources.map((source) => source.filename)).size;
  return (
    <details className={styles.sources}>
      <summary>
        <ChevronRight aria-hidden="true" className={styles.arrow} />
        {t("sources.title", { count: sources.length })} · {common("documents", { count: files })}
      </summary>
      <ol className={styles.list}>
        {sources.map((source) => (
          <li key={source.n}>
            <Passage source={source} cited={cited.has(source.n)} />
          </li>
        ))}
      </ol>
    </details>
  );
}

function Passage({ source, cited }: { source: Source; cited: boolean }) {
  const { t } = useTexts("chat");
  const { document_id: documentId, n, filename, page, section, text } = source;
  const shown = (
    <>
      <span className={styles.number} data-cited={cited || undefined}>
        {n}
        {cited && <span className="visually-hidden"> {t("sources.cited")}</span>}
      </span>
      <span className={styles.words}>
        <span className={styles.where}>
          <strong>{filename}</strong>
          <span>{[t("citation.page", { page }), ...section.slice(-1)].join(" · ")}</span>
        </span>
        <span className={styles.text}>{text}</span>
      </span>
      {documentId === null && <FileX role="img" aria-label={t("citation.gone")} />}
    </>
  );
  if (documentId === null) return <div className={styles.passage}>{shown}</div>;
  return (
    <Link
      to="/documents/$documentId"
      params={{ documentId }}
      search={sourcePlace(source)}
      className={styles.passage}
    >
      {shown}
    </Link>
  );
}
