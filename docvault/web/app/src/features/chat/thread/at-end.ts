import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";

const NEAR = 48; // pixels from the end that still are the end
const SETTLES = 1000; // milliseconds after which what was written, or just opened, has its height

/**
 * Keeps the end in sight while something is written, unless the person scrolled up: then `away` until they are back.
 */
export function useAtEnd(
  scroller: RefObject<HTMLElement | null>,
  inner: RefObject<HTMLElement | null>,
  initially: boolean,
  writing: boolean,
): { stuck: RefObject<boolean>; away: boolean; toEnd: () => void } {
  const stuck = useRef(initially);
  const until = useRef(0);
  useLayoutEffect(() => {
    until.current = writing ? Number.POSITIVE_INFINITY : performance.now() + SETTLES;
  }, [writing]);
  const [away, setAway] = useState(false);
  const toEnd = useCallback(() => {
    stuck.current = true;
    setAway(false);
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [scroller]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !inner.current) return;
    let last = element.scrollTop;
    const scrolled = () => {
      const { scrollTop, scrollHeight, clientHeight } = element;
      const atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
      // What grows below moves nothing; only a person goes up.
      if (atEnd) stuck.current = true;
      else if (scrollTop < last - 1) stuck.current = false;
      last = scrollTop;
      setAway(!atEnd && !stuck.current);
    };
    const grown = () => {
      if (stuck.current && performance.now() < until.current) element.scrollTop = element.scrollHeight;
      else scrolled();
    };
    element.addEventListener("scroll", scrolled, { passive: true });
    const observer = new ResizeObserver(grown);
    observer.observe(inner.current);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", scrolled);
      observer.disconnect();
    };
  }, [scroller, inner]);
  return { stuck, away, toEnd };
}
