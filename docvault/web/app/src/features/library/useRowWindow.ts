/** Which lines of a list of equally high ones are in sight. */
import { type RefObject, useCallback, useLayoutEffect, useState } from "react";

const SLACK = 3; // lines

export type Sight = { first: number; last: number };
type Given = {
  scroller: RefObject<HTMLElement | null>;
  /** As high as all lines together. */
  lines: RefObject<HTMLElement | null>;
  count: number;
  /** Of a line, in pixels. */
  height: number;
};

export function useRowWindow({ scroller, lines, count, height }: Given) {
  const [sight, setSight] = useState<Sight>({ first: 0, last: 0 });

  const look = useCallback(() => {
    if (!scroller.current || !lines.current) return;
    const next = inSight(
      hidden(scroller.current, lines.current),
      scroller.current.clientHeight,
      count,
      height,
    );
    setSight((now) => (isNear(now, next, count) ? now : next));
  }, [scroller, lines, count, height]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(look); // looks at once too, when the browser has laid out what is new
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild); // what stands above the lines
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [scroller, look]);

  /** Scrolls no further than it must. */
  const show = useCallback(
    (line: number) => {
      const element = scroller.current;
      if (!element || !lines.current) return;
      const above = hidden(element, lines.current);
      const top = line * height - above;
      const below = top + height - element.clientHeight;
      if (top < 0) element.scrollTop += top;
      else if (below > 0) element.scrollTop += below;
    },
    [scroller, lines, height],
  );
  return { sight, show };
}

/** Whether what is drawn beyond `now` still does: drawing some lines at once is lighter than each by itself. */
function isNear(now: Sight, next: Sight, count: number): boolean {
  const isEnd = next.first === 0 || next.last >= count - 1;
  const most = isEnd ? 0 : SLACK;
  return Math.abs(now.first - next.first) <= most && Math.abs(now.last - next.last) <= most;
}

/** Pixels of the lines that are above what is shown; negative while something else stands above them. */
function hidden(scroller: HTMLElement, lines: HTMLElement): number {
  return scroller.getBoundingClientRect().top - lines.getBoundingClientRect().top;
}

/** First and last line in sight, of `count`. */
export function inSight(above: number, height: number, count: number, line: number): Sight {
  const clamp = (at: number) => Math.min(Math.max(0, at), Math.max(0, count - 1));
  return { first: clamp(Math.floor(above / line)), last: clamp(Math.ceil((above + height) / line) - 1) };
}
