import { type RefObject, useLayoutEffect, useState } from "react";

const NARROWEST = 230; // pixels of a card

/** How many cards fit beside each other; 1 for a list. */
export function useColumns(element: RefObject<HTMLElement | null>, grid: boolean): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return grid ? Math.max(1, Math.floor(width / NARROWEST)) : 1;
}
