import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Problem } from "@/shared/api/problem";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { Spinner } from "@/shared/ui/Spinner";
import type { Size } from "../boxes";
import type { Inside, OutlineItem, ViewProps } from "../reading";
import { useReadingFocus } from "../useReadingFocus";
import { layOut } from "./layout";
import { outlineOf } from "./links";
import type { OpenPdf } from "./open";
import { PdfPage } from "./PdfPage";
import styles from "./PdfView.module.css";
import { usePdf } from "./usePdf";
import { useRoom, useWindow } from "./useWindow";
import { useZooming } from "./useZooming";
import { limited, PIXELS, scaleOf, type Zoom } from "./zoom";

const GAP = 12; // CSS pixels between pages
const MARGIN = 12; // beside them
const PATIENCE = 3000; // milliseconds of waiting for the first page
const UPPER = 0.25; // of the window's height: where marks are shown

type Props = ViewProps & {
  zoom: Zoom;
  onZoom: (zoom: number) => void;
  /** The share of its printed size at which the page in sight is shown. */
  onShare: (share: number) => void;
  failed: (problem: Problem, unlock: (password: string) => void) => React.ReactNode;
  onText: () => void;
  onGo: (place: Inside) => void;
  onOutline: (items: OutlineItem[]) => void;
};

export function PdfView(props: Props) {
  const [password, setPassword] = useState<string>();
  const reading = usePdf(props.document, props.target.page, password);
  if (reading.status === "failed") return props.failed(reading.problem, setPassword);
  if (reading.status === "opening") return <Opening onText={props.onText} />;
  return <Pages key={props.document.sha256} {...props} open={reading.open} size={reading.size} />;
}

/** Some files have to be looked through to find a page. Whoever does not want to wait reads the text. */
function Opening({ onText }: { onText: () => void }) {
  const { t } = useTexts("reader");
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), PATIENCE);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={styles.opening} role="status" aria-label={t("opening")}>
      <Spinner />
      {slow && (
        <>
          <p>{t("slow")}</p>
          <Button onClick={onText}>{t("broken.text")}</Button>
        </>
      )}
    </div>
  );
}

type PagesProps = Props & { open: OpenPdf; size: Size };

function Pages(props: PagesProps) {
  const { document, open, size, target, cited, found, zoom, onZoom, onShare, onPage, onGo } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const room = useRoom(scroller);
  const [sizes, setSizes] = useState<Size[]>(() => Array(open.pdf.numPages).fill(size));
  const inner = useMemo(
    () => ({ width: (room?.width ?? 800) - 2 * MARGIN, height: (room?.height ?? 600) - 2 * GAP }),
    [room],
  );
  const scales = useMemo(() => sizes.map((one) => scaleOf(zoom, one, inner)), [sizes, zoom, inner]);
  const layout = useMemo(
    () =>
      layOut(
        sizes.map((one, index) => one.height * (scales[index] as number)),
        GAP,
      ),
    [sizes, scales],
  );
  const { sight, goTo, hold } = useWindow(scroller, layout, room);
  const { onMarked } = useTarget(target, sizes.length, goTo, room);
  const onSize = useCallback((index: number, known: Size) => {
    setSizes((before) => {
      const old = before[index];
      if (old && Math.abs(old.width - known.width) < 0.01 && Math.abs(old.height - known.height) < 0.01)
        return before;
      return before.map((one, at) => (at === index ? known : one));
    });
  }, []);

  const share = (scales[sight.main] ?? PIXELS) / PIXELS;
  useEffect(() => onShare(share), [share, onShare]);
  useEffect(() => onPage(sight.main + 1), [sight.main, onPage]);
  useZooming(scroller, (factor, at) => {
    hold(at);
    onZoom(limited(share * factor));
  });
  useReadingFocus(scroller);
  useOutline(open, props.onOutline);

  const widest = Math.max(...scales.map((scale, index) => scale * (sizes[index]?.width ?? 0)));
  const shown = Array.from({ length: sight.last - sight.first + 1 }, (_, index) => sight.first + index);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section ref={scroller} className={styles.scroller} tabIndex={0} aria-label={document.filename}>
      <div className={styles.pages} style={{ height: layout.total, minWidth: widest + 2 * MARGIN }}>
        {room &&
          shown.map((index) => (
            <PdfPage
              key={index}
              document={document}
              open={open}
              index={index}
              size={sizes[index] ?? size}
              scale={scales[index] ?? 1}
              top={layout.tops[index] ?? 0}
              inSight={index === sight.main}
              cited={cited?.page === index + 1 ? cited : null}
              found={found}
              onSize={onSize}
              onMarked={onMarked}
              onGo={onGo}
            />
          ))}
      </div>
    </section>
  );
}

function useOutline({ pdf }: OpenPdf, onOutline: Props["onOutline"]): void {
  useEffect(() => {
    let left = false;
    outlineOf(pdf).then(
      (items) => !left && onOutline(items),
      () => undefined, // it is damaged: the pages are there without
    );
    return () => {
      left = true;
      onOutline([]);
    };
  }, [pdf, onOutline]);
}

/** Goes to the page of the target, and to its marks as soon as it is known where they are. */
function useTarget(
  target: ViewProps["target"],
  count: number,
  goTo: (place: { index: number; share: number }, at: number) => void,
  room: Size | null,
) {
  const waiting = useRef(false);
  const latest = useRef(target);
  latest.current = target;
  const marked = useRef(new Map<string, number>()); // of the pages that are drawn now
  const height = useRef(0);
  height.current = room?.height ?? 0;
  const ready = room !== null;
  const arrive = useCallback(() => {
    const { page, why } = latest.current;
    const share = marked.current.get(`${why} ${page - 1}`);
    if (share === undefined || !waiting.current) return;
    waiting.current = false;
    goTo({ index: page - 1, share }, UPPER * height.current);
  }, [goTo]);
  useEffect(() => {
    if (!ready) return;
    waiting.current = true;
    goTo({ index: Math.min(target.page, count) - 1, share: target.share ?? 0 }, GAP);
    arrive();
  }, [target, count, goTo, arrive, ready]);
  const onMarked = useCallback(
    (index: number, kind: "cited" | "found", share: number | undefined) => {
      if (share === undefined) marked.current.delete(`${kind} ${index}`);
      else marked.current.set(`${kind} ${index}`, share);
      arrive();
    },
    [arrive],
  );
  return { onMarked };
}
