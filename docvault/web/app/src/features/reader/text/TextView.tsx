import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
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
import { AcrossContext, newAcross } from "./useAcross";
import { useText } from "./useText";

const NONE: readonly Mark[] = [];
const EDGE = 60; // CSS pixels from the window's edges to where the current page is looked for
type Virtual = Virtualizer<HTMLDivElement, Element>;

/** A document as text, set to be read. Only what is near is drawn, and only what was near is fetched. */
export function TextView({ document, target, cited, found, onPage }: ViewProps) {
  const { t } = useTexts(["reader", "common"]);
  const scroller = useRef<HTMLDivElement>(null);
  const [across] = useState(newAcross);
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
      <AcrossContext value={across}>
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
      </AcrossContext>
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

/** Pages that come in above what is read push nothing away. Waiting pieces will be others, so none of them is held to. */
function useStaying(virtual: Virtual, items: Item[]): void {
  const held = useRef<{ key: string; into: number } | null>(null);
  const offset = virtual.scrollOffset ?? 0;
  useLayoutEffect(() => {
    const index = held.current ? items.findIndex((item) => keyOf(item) === held.current?.key) : -1;
    const start = virtual.measurementsCache[index]?.start;
    if (!held.current || start === undefined) return;
    const wanted = start + held.current.into;
    if (Math.abs(wanted - (virtual.scrollElement?.scrollTop ?? 0)) > 1) virtual.scrollToOffset(wanted);
  }, [virtual, items]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is kept of the offset is a render behind the element's.
  useEffect(() => {
    const top = virtual.scrollElement?.scrollTop ?? 0;
    let index = virtual.getVirtualItemForOffset(top)?.index ?? 0;
    while (items[index]?.kind === "waiting") index += 1;
    const item = items[index];
    const start = virtual.measurementsCache[index]?.start;
    held.current = item && start !== undefined ? { key: keyOf(item), into: top - start } : null;
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

/** The page at the top of the window; at the end, where no further page comes up there, the line moves down. */
function useCurrentPage(virtual: Virtual, items: Item[], onPage: (page: number) => void): void {
  const height = Math.max(1, virtual.scrollRect?.height ?? 0);
  const offset = virtual.scrollOffset ?? 0;
  const hidden = virtual.getTotalSize() - height;
  const ending = hidden > 0 ? Math.min(1, Math.max(0, 1 - (hidden - offset) / height)) : 0;
  const at = offset + EDGE + Math.max(0, height - 2 * EDGE) * ending;
  const page = items[virtual.getVirtualItemForOffset(at)?.index ?? 0]?.page ?? 1;
  useEffect(() => onPage(page), [onPage, page]);
}
