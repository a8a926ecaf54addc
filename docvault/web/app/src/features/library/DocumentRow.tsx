import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { memo } from "react";
import { bytes, exactly, moment } from "@/shared/lib/format";
import { Checkbox } from "@/shared/ui/Checkbox";
import { DocumentIcon } from "@/shared/vault/DocumentIcon";
import type { DocumentView } from "@/shared/vault/types";
import { DocumentMenu } from "./DocumentMenu";
import styles from "./DocumentRow.module.css";
import { DocumentState } from "./DocumentState";
import { DRAGS } from "./usePress";

/** What is the same for all rows. */
export type Marks = {
  trash: boolean;
  /** Whether they lie in several folders. */
  folders: boolean;
  t: TFunction<"library">;
  common: TFunction;
};

/** Clicks, drags and keys are the list's own: so many rows come and go that each has to be light. */
export type ItemProps = {
  document: DocumentView;
  index: number;
  focused: boolean;
  chosen: boolean;
  marks: Marks;
};

export const DocumentRow = memo(function DocumentRow(props: ItemProps) {
  const { document, index, focused, chosen, marks } = props;
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      aria-selected={chosen}
      tabIndex={focused ? 0 : -1}
      data-index={index}
      data-failed={document.status === "failed" ? "" : undefined}
      className={styles.row}
      draggable={DRAGS && !marks.trash}
    >
      <span role="gridcell" className={styles.check}>
        <Choose {...props} />
      </span>
      <span role="gridcell" className={styles.name}>
        <DocumentIcon contentType={document.content_type} />
        <NameLink document={document} />
        {marks.folders && document.folder && <span className={styles.folder}>{document.folder}</span>}
        <Tags tags={document.tags} />
      </span>
      <span role="gridcell" className={styles.state}>
        <DocumentState document={document} reached={focused} marks={marks} />
      </span>
      <span role="gridcell" className={styles.size}>
        {bytes(document.size_bytes)}
      </span>
      <span role="gridcell" className={styles.when}>
        <time dateTime={document.created_at} title={exactly(document.created_at)}>
          {moment(document.created_at)}
        </time>
      </span>
      <span role="gridcell">
        <DocumentMenu document={document} reached={focused} marks={marks} />
      </span>
    </div>
  );
});

export function Choose({ document, chosen, marks }: ItemProps) {
  return (
    <Checkbox
      label={marks.t("choose", { name: document.filename })}
      tabIndex={-1}
      checked={chosen}
      onChange={() => undefined}
    />
  );
}

/** `data-open`: the list opens it, so that not each of them listens to where the page is. */
export function NameLink({ document }: { document: DocumentView }) {
  return (
    <a
      data-open=""
      href={`/documents/${document.id}`}
      tabIndex={-1}
      draggable={false}
      className={styles.link}
    >
      {document.filename}
    </a>
  );
}

export function Tags({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return null;
  return (
    <span className={styles.tags}>
      {tags.slice(0, 3).map((tag) => (
        <Link key={tag} to="/library" search={{ tags: [tag] }} tabIndex={-1} className={styles.tag}>
          {tag}
        </Link>
      ))}
      {tags.length > 3 && <span className={styles.more}>+{tags.length - 3}</span>}
    </span>
  );
}
