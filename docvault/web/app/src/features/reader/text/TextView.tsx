import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { useTexts } from "@/shared/texts";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Skeleton } from "@/shared/ui/Skeleton";
import type { PageText } from "../api";
import { citedSpans, unitsOf } from "../match";
import { type Cited, currentOn, type Found, type ViewProps } from "../reading";
import { useReadingFocus } from "../useReadingFocus";
import { BlockView } from "./BlockView";
import { heightOf, type Item, itemAt, keyOf } from "./items";
import type { Mark } from "./marking";
import styles from "./TextView.module.css";
import { useText } from "./useText";

const NONE: readonly Mark[] = [];
const EDGE = 60; // CSS pixels from the window's edges to the line that is read
type Virtual = Virtualizer<HTMLDivElement, Element>;

/** A document as text, set to be read. Only what is near is drawn, and only what was near is fetched. */
export function TextView({ document, target, cited, found, onPage }: ViewProps) {
  const { t } = useTexts(["reader", "common"]);
  const scroller = useRef<HTMLDivElement>(null);
  const { items, pages, error, again, want } = useText(document, target.page);
  const marks = useMarks(pages, cited, found);
  const virtual = useVirtualizer<HTMLDivElement, Element>({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => heightOf(items[index] as Item),
    getItemKey: (index) => keyOf(items[index] as Item),
    overscan: 6,
    paddingStart: 32,
    paddingEnd: 64,
  });
  const drawn = virtual.getVirtualItems();
  const first = items[drawn[0]?.index ?? 0]?.page ?? 1;
  const last = items[drawn[drawn.length - 1]?.index ?? 0]?.page ?? 1;
  useEffect(() => want(first, last), [want, first, last]);
  useStaying(virtual, items);
  useArriving(virtual, scroller, items, pages, marks, target);
  useCurrentPage(virtual, items, onPage);
  useReadingFocus(scroller);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section ref={scroller} className={styles.scroller} tabIndex={0} aria-label={document.filename}>
      {error && <ProblemNote error={error} onRetry={again} />}
      <article
        className={styles.sheet}
        style={{ height: virtual.getTotalSize() }}
        lang={document.language ?? undefined}
      >
        {drawn.map(({ index, key, start }) => {
          const item = items[index] as Item;
          return (
            <div
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              className={styles.piece}
              style={{ translate: `0 ${start}px` }}
            >
              {item.kind === "page" && (
                <p className={styles.number}>{t("common:page", { page: item.page })}</p>
              )}
              {item.kind === "empty" && <p className={styles.nothing}>{t("text.empty")}</p>}
              {item.kind === "waiting" && <Waiting />}
              {item.kind === "block" && (
                <BlockView
                  block={item.block}
                  text={pages.get(item.page)?.text ?? ""}
                  marks={marks.get(item.page) ?? NONE}
                />
              )}
            </div>
          );
        })}
      </article>
    </section>
  );
}

function Waiting() {
  return (
    <div className={styles.waiting}>
      {["92%", "97%", "88%", "95%", "60%"].map((width) => (
        <Skeleton key={width} width={width} />
      ))}
    </div>
  );
}

function useMarks(pages: ReadonlyMap<number, PageText>, cited: Cited | null, found: Found) {
  return useMemo(() => {
    const marks = new Map<number, Mark[]>();
    const add = (page: number, mark: Mark) => marks.set(page, [...(marks.get(page) ?? []), mark]);
    const about = cited && pages.get(cited.page);
    if (about) for (const span of citedSpans(about.text, cited)) add(cited.page, { ...span, kind: "cited" });
    for (const [number, { text }] of pages) {
      const current = currentOn(found, number);
      found.hits
        .filter((hit) => hit.page === number)
        .forEach((hit, index) => {
          const kind = index === current ? "current" : "found";
          add(number, { start: unitsOf(text, hit.start), end: unitsOf(text, hit.end), kind });
        });
    }
    return marks;
  }, [pages, cited, found]);
}

/** Pages that come in above what is read push nothing away. */
function useStaying(virtual: Virtual, items: Item[]): void {
  const top = useRef<{ key: string; into: number } | null>(null);
  useLayoutEffect(() => {
    const kept = top.current;
    const index = kept ? items.findIndex((item) => keyOf(item) === kept.key) : -1;
    const now = virtual.getVirtualItemForOffset(virtual.scrollOffset ?? 0);
    if (kept && index >= 0 && now && keyOf(items[now.index] as Item) !== kept.key) {
      const start = virtual.getOffsetForIndex(index, "start")?.[0];
      if (start !== undefined) virtual.scrollToOffset(start + kept.into);
    }
  }, [virtual, items]);
  const offset = virtual.scrollOffset ?? 0;
  useEffect(() => {
    const first = virtual.getVirtualItemForOffset(offset);
    const item = first && items[first.index];
    if (first && item) top.current = { key: keyOf(item), into: offset - first.start };
  }, [virtual, items, offset]);
}

/** Goes to the target, and, when its page is there, to the marks that it is about. */
function useArriving(
  virtual: Virtual,
  scroller: RefObject<HTMLDivElement | null>,
  items: Item[],
  pages: ReadonlyMap<number, PageText>,
  marks: ReadonlyMap<number, Mark[]>,
  target: ViewProps["target"],
): void {
  const done = useRef<ViewProps["target"] | null>(null);
  const loaded = pages.has(target.page);
  useEffect(() => {
    if (done.current === target) return;
    if (loaded) done.current = target;
    if (target.page === 1 && target.why === "page") {
      virtual.scrollToOffset(0);
      return;
    }
    const kind = target.why === "found" ? "current" : "cited";
    const mark = target.why === "page" ? undefined : marks.get(target.page)?.find((one) => one.kind === kind);
    virtual.scrollToIndex(itemAt(items, target.page, mark?.start), { align: mark ? "center" : "start" });
    if (!mark) return;
    // The piece is drawn in the next frame, and measured in the one after it.
    let frames = 4;
    let frame = 0;
    const look = () => {
      scroller.current?.querySelector(`[data-mark="${kind}"]`)?.scrollIntoView({ block: "center" });
      frames -= 1;
      if (frames > 0) frame = requestAnimationFrame(look);
    };
    frame = requestAnimationFrame(look);
    return () => {
      if (frames > 2) cancelAnimationFrame(frame);
    };
  }, [virtual, scroller, items, marks, target, loaded]);
}

/** The line that is read moves from the top of the window to its end, so that each page has its turn. */
function useCurrentPage(virtual: Virtual, items: Item[], onPage: (page: number) => void): void {
  const height = virtual.scrollRect?.height ?? 0;
  const offset = virtual.scrollOffset ?? 0;
  const hidden = Math.max(1, virtual.getTotalSize() - height);
  const at = offset + EDGE + Math.max(0, height - 2 * EDGE) * Math.min(1, offset / hidden);
  const page = items[virtual.getVirtualItemForOffset(at)?.index ?? 0]?.page ?? 1;
  useEffect(() => onPage(page), [onPage, page]);
}
