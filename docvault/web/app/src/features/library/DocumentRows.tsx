import { type ReactNode, useDeferredValue, useEffect, useMemo, useRef } from "react";
import { useTexts } from "@/shared/texts";
import type { LibraryPlace, View } from "@/shared/vault/place";
import { DocumentCard } from "./DocumentCard";
import { DocumentRow } from "./DocumentRow";
import styles from "./DocumentRows.module.css";
import { dragged } from "./drag";
import { isFiltered, type Listing } from "./list";
import { RowSkeleton } from "./RowSkeleton";
import type { Choosing } from "./useChoosing";
import { useColumns } from "./useColumns";
import { useListKeys } from "./useListKeys";
import { usePress } from "./usePress";
import { type Sight, useRowWindow } from "./useRowWindow";
import { WaitingRow } from "./WaitingRow";

type Props = {
  listing: Listing;
  pending: boolean;
  view: View;
  place: LibraryPlace;
  choosing: Choosing;
  onSight: (documents: Sight) => void;
  /** Scrolls with the documents. */
  header: ReactNode;
};

const ROW = 44; // pixels
const CARD = 132;
const SPARE = 8; // lines drawn before and after those in sight

/** However many there are, only those in sight are drawn. */
export function DocumentRows({ listing, pending, view, place, choosing, onSight, header }: Props) {
  const { t } = useTexts("library");
  const { t: common } = useTexts();
  const scroller = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const columns = useColumns(scroller, view === "grid");
  const total = listing.total ?? 0;
  const count = Math.ceil(total / columns);
  const height = view === "grid" ? CARD : ROW;
  const { sight, show } = useRowWindow({ scroller, lines: grid, count, height });
  const { first, last } = sight;
  useEffect(
    () => onSight({ first: first * columns, last: (last + 1) * columns - 1 }),
    [first, last, columns, onSight],
  );
  const keys = useListKeys({ grid, listing, columns, place, choosing, sight, show });
  const press = usePress({ listing, choosing, onChoose: keys.choose });
  const marks = useMemo(
    () => ({ trash: place.trash ?? false, folders: isFiltered(place) || Boolean(place.trash), t, common }),
    [place, t, common],
  );
  const from = Math.max(0, first - SPARE);
  // The first time all lines come at once: drawn as React finds the time, they hold up nothing else.
  const isReady = useDeferredValue(!pending, false);
  const drawn = isReady && count ? range(from * columns, Math.min((last + SPARE + 1) * columns, total)) : [];
  const Item = view === "grid" ? DocumentCard : DocumentRow;

  return (
    <div ref={scroller} className={styles.scroller}>
      <div>{header}</div>
      {(pending || !isReady) && (
        <div className={count ? styles.inPlace : undefined}>
          <RowSkeleton />
        </div>
      )}
      <div
        ref={grid}
        role="grid"
        aria-label={t("title")}
        aria-rowcount={total}
        aria-multiselectable="true"
        tabIndex={-1}
        className={styles.rows}
        data-view={view}
        style={{ height: count * height }}
        onDragStart={(event) => dragged(event, listing, choosing.chosen)}
        {...press}
        {...keys.handlers}
      >
        <div
          role="presentation"
          className={styles.drawn}
          style={{
            translate: `0 ${from * height}px`,
            gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
            gridAutoRows: height,
          }}
        >
          {drawn.map((index) => {
            const document = listing.at(index);
            const focused = keys.focused === index;
            if (!document)
              return <WaitingRow key={index} index={index} focused={focused} label={common("loading")} />;
            return (
              <Item
                key={document.id}
                document={document}
                index={index}
                focused={focused}
                chosen={choosing.chosen.has(document.id)}
                marks={marks}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);
}
