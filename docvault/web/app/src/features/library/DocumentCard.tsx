import { type DragEvent, memo } from "react";
import { bytes, moment } from "@/shared/lib/format";
import { DocumentIcon } from "@/shared/vault/DocumentIcon";
import styles from "./DocumentCard.module.css";
import { DocumentMenu } from "./DocumentMenu";
import { Choose, type ItemProps, NameLink } from "./DocumentRow";
import { DocumentState } from "./DocumentState";
import { dragDocuments } from "./drag";

export const DocumentCard = memo(function DocumentCard(props: ItemProps) {
  const { document, index, focused, chosen, place } = props;
  const isChosen = chosen.has(document.id);
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      aria-selected={isChosen}
      tabIndex={focused ? 0 : -1}
      data-index={index}
      className={styles.card}
      draggable={!place.trash}
      onDragStart={(event: DragEvent) => dragDocuments(event, isChosen ? [...chosen] : [document.id])}
    >
      <div role="gridcell" className={styles.top}>
        <DocumentIcon contentType={document.content_type} />
        <span className={styles.space} />
        <Choose {...props} />
        <DocumentMenu document={document} trash={place.trash ?? false} />
      </div>
      <div role="gridcell" className={styles.name}>
        <NameLink document={document} />
      </div>
      <div role="gridcell" className={styles.foot}>
        <span className={styles.meta}>
          {bytes(document.size_bytes)} · {moment(document.created_at)}
        </span>
        <DocumentState document={document} />
      </div>
    </div>
  );
});
