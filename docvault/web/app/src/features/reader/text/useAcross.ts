import { createContext, type RefObject, useCallback, useContext, useEffect, useRef } from "react";

/** How far the parts of long tables are scrolled to the side, and all that are drawn. */
type Across = { left: number; boxes: Set<HTMLElement> };

export const AcrossContext = createContext<Across | null>(null);

export function newAcross(): Across {
  return { left: 0, boxes: new Set() };
}

/** A long table is drawn in parts, each with a box of its own: they go to the side together. */
export function useAcross(together: boolean): [RefObject<HTMLElement | null>, (() => void) | undefined] {
  const box = useRef<HTMLElement>(null);
  const across = useContext(AcrossContext);
  useEffect(() => {
    const shown = box.current;
    if (!shown || !across || !together) return;
    shown.scrollLeft = across.left;
    across.boxes.add(shown);
    return () => {
      across.boxes.delete(shown);
    };
  }, [across, together]);
  const scrolled = useCallback(() => {
    const left = box.current?.scrollLeft ?? 0;
    if (!across || left === across.left) return;
    across.left = left;
    for (const other of across.boxes) if (other !== box.current) other.scrollLeft = left;
  }, [across]);
  return [box, together ? scrolled : undefined];
}
