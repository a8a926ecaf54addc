import { memo } from "react";
import { bytes, moment } from "@/shared/lib/format";
import { DocumentIcon } from "@/shared/vault/DocumentIcon";
import styles from "./DocumentCard.module.css";
import { DocumentMenu } from "./DocumentMenu";
import { Choose, type ItemProps, NameLink } from "./DocumentRow";
import { DocumentState } from "./DocumentState";
import { DRAGS } from "./usePress";

export const DocumentCard = memo(function DocumentCard(props: ItemProps) {
  const { document, index, focused, chosen, marks } = props;
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      aria-selected={chosen}
      tabIndex={focused ? 0 : -1}
      data-index={index}
      className={styles.card}
      draggable={DRAGS && !marks.trash}
    >
      <div role="gridcell" className={styles.top}>
        <DocumentIcon contentType={document.content_type} />
        <span className={styles.space} />
        <Choose {...props} />
        <DocumentMenu document={document} reached={focused} marks={marks} />
      </div>
      <div role="gridcell" className={styles.name}>
        <NameLink document={document} />
      </div>
      <div role="gridcell" className={styles.foot}>
        <span className={styles.meta}>
          {bytes(document.size_bytes)} · {moment(document.created_at)}
        </span>
        <DocumentState document={document} reached={focused} marks={marks} />
      </div>
    </div>
  );
});
