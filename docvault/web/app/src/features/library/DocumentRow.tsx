import { Link } from "@tanstack/react-router";
import { type Dispatch, type DragEvent, memo } from "react";
import { bytes, exactly, moment } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { Checkbox } from "@/shared/ui/Checkbox";
import { DocumentIcon } from "@/shared/vault/DocumentIcon";
import type { LibraryPlace } from "@/shared/vault/place";
import type { DocumentView } from "@/shared/vault/types";
import { DocumentMenu } from "./DocumentMenu";
import styles from "./DocumentRow.module.css";
import { DocumentState } from "./DocumentState";
import { dragDocuments } from "./drag";
import { isFiltered } from "./list";
import { DRAGS, usePress } from "./press";
import type { SelectionAction } from "./selection";

export type ItemProps = {
  document: DocumentView;
  index: number;
  focused: boolean;
  chosen: ReadonlySet<string>;
  place: LibraryPlace;
  dispatch: Dispatch<SelectionAction>;
  onChoose: (index: number, event: { shiftKey: boolean }) => void;
};

export const DocumentRow = memo(function DocumentRow(props: ItemProps) {
  const { document, index, focused, chosen, place } = props;
  const isChosen = chosen.has(document.id);
  const press = usePress(props);
  return (
    <div
      {...press}
      role="row"
      aria-rowindex={index + 1}
      aria-selected={isChosen}
      tabIndex={focused ? 0 : -1}
      data-index={index}
      className={styles.row}
      draggable={DRAGS && !place.trash}
      onDragStart={(event: DragEvent) => dragDocuments(event, isChosen ? [...chosen] : [document.id])}
    >
      <span role="gridcell" className={styles.check}>
        <Choose {...props} />
      </span>
      <span role="gridcell" className={styles.name}>
        <DocumentIcon contentType={document.content_type} />
        <NameLink document={document} />
        {(isFiltered(place) || place.trash) && document.folder && (
          <span className={styles.folder}>{document.folder}</span>
        )}
        <Tags tags={document.tags} />
      </span>
      <span role="gridcell" className={styles.state}>
        <DocumentState document={document} reached={focused} />
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
        <DocumentMenu document={document} trash={place.trash ?? false} reached={focused} />
      </span>
    </div>
  );
});

export function Choose({ document, index, chosen, onChoose }: ItemProps) {
  const { t } = useTexts("library");
  return (
    <Checkbox
      label={t("choose", { name: document.filename })}
      tabIndex={-1}
      checked={chosen.has(document.id)}
      onChange={() => undefined}
      onClick={(event) => onChoose(index, event)}
    />
  );
}

export function NameLink({ document }: { document: DocumentView }) {
  return (
    <Link
      to="/documents/$documentId"
      params={{ documentId: document.id }}
      search={{}}
      tabIndex={-1}
      draggable={false}
      className={styles.link}
    >
      {document.filename}
    </Link>
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
