import { useVirtualizer } from "@tanstack/react-virtual";
import { type Dispatch, type ReactNode, useEffect, useRef, useState } from "react";
import { useTexts } from "@/shared/texts";
import type { LibraryPlace, View } from "@/shared/vault/place";
import type { DocumentView } from "@/shared/vault/types";
import { DocumentCard } from "./DocumentCard";
import { DocumentRow } from "./DocumentRow";
import styles from "./DocumentRows.module.css";
import { RowSkeleton } from "./RowSkeleton";
import type { Selection, SelectionAction } from "./selection";
import { useColumns } from "./useColumns";
import { useListKeys } from "./useListKeys";

type Props = {
  documents: readonly DocumentView[];
  pending: boolean;
  view: View;
  place: LibraryPlace;
  selection: Selection;
  dispatch: Dispatch<SelectionAction>;
  onEnd: () => void;
  /** Scrolls with the documents. */
  header: ReactNode;
};

const ROW = 44; // pixels
const CARD = 132;
const EARLY = 40; // rows before the end at which more are asked for

/** However many there are, only those in sight are drawn. */
export function DocumentRows(props: Props) {
  const { documents, view, place, selection, dispatch, onEnd } = props;
  const { t } = useTexts("library");
  const scroller = useRef<HTMLDivElement>(null);
  const [above, headerHeight] = useHeight();
  const columns = useColumns(scroller, view === "grid");
  const count = Math.ceil(documents.length / columns);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => (view === "grid" ? CARD : ROW),
    scrollMargin: headerHeight,
    overscan: 12,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: measured anew when the shape changes.
  useEffect(() => rows.measure(), [view, columns]);
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= count - EARLY) onEnd();
  }, [last, count, onEnd]);
  const keys = useListKeys({
    documents,
    columns,
    place,
    selection,
    dispatch,
    show: (at) => rows.scrollToIndex(at),
  });
  const Item = view === "grid" ? DocumentCard : DocumentRow;

  return (
    <div ref={scroller} className={styles.scroller}>
      <div ref={above}>{props.header}</div>
      {props.pending && <RowSkeleton />}
      <div
        role="grid"
        aria-label={t("title")}
        aria-rowcount={documents.length}
        aria-multiselectable="true"
        className={styles.rows}
        data-view={view}
        style={{ height: rows.getTotalSize() }}
        onKeyDown={keys.onKeyDown}
        onFocus={keys.onFocus}
        onBlur={keys.onBlur}
      >
        {shown.map((row) => (
          <div
            key={row.key}
            role="presentation"
            className={styles.line}
            style={{
              height: row.size,
              translate: `0 ${row.start - headerHeight}px`,
              gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
            }}
          >
            {documents.slice(row.index * columns, (row.index + 1) * columns).map((document, column) => (
              <Item
                key={document.id}
                document={document}
                index={row.index * columns + column}
                focused={keys.focused === row.index * columns + column}
                chosen={selection.chosen}
                place={place}
                dispatch={dispatch}
                onChoose={keys.choose}
              />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

function useHeight(): [(element: HTMLElement | null) => void, number] {
  const [height, setHeight] = useState(0);
  const [element, setElement] = useState<HTMLElement | null>(null);
  useEffect(() => {
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.offsetHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, height];
}
