import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronDown, ChevronUp, X } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { bytes, span } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { IconButton } from "@/shared/ui/IconButton";
import { ProgressBar } from "@/shared/ui/ProgressBar";
import type { Item, Stage, Totals } from "./model";
import type { Queue } from "./queue";
import styles from "./UploadPanel.module.css";
import { UploadRow } from "./UploadRow";

type Props = { queue: Queue; items: readonly Item[] };

const ROW = 58; // pixels
/** What wants attention first, then what moves. */
const ORDER: Record<Stage, number> = {
  failed: 0,
  refused: 0,
  interrupted: 1,
  held: 1,
  sending: 2,
  waiting: 3,
  duplicate: 4,
  done: 4,
  cancelled: -1,
};

/** In a corner: the whole in one line, every file below it. */
export default function UploadPanel({ queue, items }: Props) {
  const { t } = useTexts("uploads");
  const [open, setOpen] = useState(true);
  const all = queue.sum;
  const headline = useHeadline(all);
  if (all.files === 0) return null;
  return (
    <section className={styles.panel} aria-label={t("title")}>
      <header className={styles.header}>
        <div className={styles.words}>
          <h2 className={styles.title}>{headline}</h2>
          <p className={styles.pace}>
            <Pace all={all} speed={queue.pace()} />
          </p>
        </div>
        <IconButton
          label={open ? t("collapse") : t("expand")}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? <ChevronDown /> : <ChevronUp />}
        </IconButton>
        {all.active === 0 && (
          <IconButton label={t("dismiss")} onClick={() => dismissAll(queue)}>
            <X />
          </IconButton>
        )}
      </header>
      {all.active > 0 && (
        <ProgressBar label={t("title")} value={all.bytes ? all.sent / all.bytes : undefined} />
      )}
      <p className="visually-hidden" role="status">
        {all.active === 0 ? t("announce", { done: all.finished, failed: all.failed }) : ""}
      </p>
      {open && <Rows queue={queue} items={items} />}
      {open && <Actions queue={queue} all={all} />}
    </section>
  );
}

function dismissAll(queue: Queue): void {
  queue.cancelAll(); // what was interrupted is given up
  queue.clear();
}

function useHeadline(all: Totals): string {
  const { t } = useTexts("uploads");
  if (all.active > 0) return t("uploading", { done: all.finished, count: all.files });
  if (all.interrupted > 0) return t("interrupted", { count: all.interrupted });
  if (all.failed > 0) return t("someFailed", { failed: all.failed, count: all.files });
  return t("uploaded", { count: all.finished });
}

function Pace({ all, speed }: { all: Totals; speed: number }) {
  const { t } = useTexts("uploads");
  if (all.active === 0) return all.interrupted > 0 ? t("interruptedHint") : bytes(all.sent);
  const size = t("of", { sent: bytes(all.sent), size: bytes(all.bytes) });
  if (speed === 0) return size;
  const left = (all.bytes - all.sent) / speed;
  return `${size} · ${t("speed", { size: bytes(speed) })} · ${t("left", { span: span(left) })}`;
}

/** Without what was cancelled. */
function inOrder(items: readonly Item[]): Item[] {
  const places: Item[][] = [[], [], [], [], []];
  for (const item of items) places[ORDER[item.stage]]?.push(item);
  return places.flat();
}

function Rows({ queue, items }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const sorted = useMemo(() => inOrder(items), [items]);
  const rows = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: (index) => sorted[index]?.id ?? index,
    overscan: 6,
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
    <div ref={scroller} className={styles.scroller} tabIndex={0}>
      <ul style={{ height: rows.getTotalSize() }} className={styles.rows}>
        {rows.getVirtualItems().map((row) => {
          const item = sorted[row.index];
          return (
            item && (
              <li key={row.key} className={styles.row} style={{ height: ROW, translate: `0 ${row.start}px` }}>
                <UploadRow item={item} queue={queue} />
              </li>
            )
          );
        })}
      </ul>
    </div>
  );
}

function Actions({ queue, all }: { queue: Queue; all: Totals }) {
  const { t } = useTexts("uploads");
  if (all.active === 0 && all.failed === 0) return null;
  return (
    <footer className={styles.actions}>
      {all.failed > 0 && (
        <Button size="s" kind="quiet" onClick={() => queue.retryAll()}>
          {t("retryFailed")}
        </Button>
      )}
      {all.active > 0 && (
        <Button size="s" kind="quiet" onClick={() => queue.cancelAll()}>
          {t("cancelAll")}
        </Button>
      )}
    </footer>
  );
}
