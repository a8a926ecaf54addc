/** Questions and answers from the oldest to the newest. Only what is in sight is drawn, however long it is. */
import { useVirtualizer, type VirtualItem } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import type { Turn } from "../types";
import { useAtEnd } from "./at-end";
import { keepShares, keptShares, Layout, type ThreadLayout } from "./layout";
import styles from "./Thread.module.css";
import { TurnView } from "./TurnView";

const GUESSED = 360; // pixels of a turn that was not measured yet
const PADDING = 24;

type Left = { offset: number; stuck: boolean; sizes: VirtualItem[] };
const left = new Map<string, Left>(); // where each thread was left

export function Thread({ place, turns }: { place: string; turns: Turn[] }) {
  const { t } = useTexts("chat");
  const scroller = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const [before] = useState(() => left.get(place));
  const { stuck, away, toEnd } = useAtEnd(
    scroller,
    inner,
    before?.stuck ?? true,
    turns.some((turn) => turn.busy),
  );
  const rows = useVirtualizer({
    count: turns.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => GUESSED,
    getItemKey: (n) => turns[n]?.key ?? n,
    overscan: 3,
    paddingStart: PADDING,
    paddingEnd: PADDING,
    initialOffset: before?.offset,
    initialMeasurementsCache: before?.sizes,
  });
  useEffect(
    () => () => {
      const offset = rows.scrollOffset ?? 0;
      left.set(place, { offset, stuck: stuck.current, sizes: rows.measurementsCache });
    },
    [place, rows, stuck],
  );
  const last = turns.at(-1);
  const asked = last?.busy ? last.key : undefined;
  useLayoutEffect(() => {
    if (asked) toEnd(); // a question just asked; what comes later moves nobody who scrolled up
  }, [asked, toEnd]);
  const items = rows.getVirtualItems();
  const layout = useLayout(scroller);
  return (
    <Layout value={layout}>
      <div className={styles.thread}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <section ref={scroller} className={styles.scroller} tabIndex={0} aria-label={t("thread")}>
          <div ref={inner} className={styles.inner} style={{ height: rows.getTotalSize() }}>
            <div className={styles.rows} style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
              {items.map((item) => {
                const turn = turns[item.index];
                return (
                  <div
                    key={item.key}
                    data-index={item.index}
                    ref={rows.measureElement}
                    className={styles.row}
                  >
                    {turn && <TurnView turn={turn} />}
                  </div>
                );
              })}
            </div>
          </div>
        </section>
        {away && (
          <Button size="s" className={styles.latest} icon={<ArrowDown />} onClick={toEnd}>
            {t("latest")}
          </Button>
        )}
      </div>
    </Layout>
  );
}

function useLayout(scroller: React.RefObject<HTMLDivElement | null>): ThreadLayout {
  const [width, setWidth] = useState(0);
  const [tab, setTab] = useState("");
  const [shares, setAll] = useState(keptShares);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = () => setWidth(element.clientWidth - 2 * PADDING);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller]);
  return useMemo(() => {
    const setShares = (next: number[]) => {
      const all = { ...shares, [next.length]: next };
      setAll(all);
      keepShares(all);
    };
    return { width, tab, setTab, shares, setShares };
  }, [width, tab, shares]);
}
