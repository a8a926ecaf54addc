import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Size } from "../boxes";
import { heightOf, type Layout, mainPage, type Place, pagesBetween, placeAt } from "./layout";

const AHEAD = 0.6; // of a window's height, drawn before it is in sight

/** The room inside an element, as it is now. */
export function useRoom(element: RefObject<HTMLElement | null>): Size | null {
  const [room, setRoom] = useState<Size | null>(null);
  useLayoutEffect(() => {
    const shown = element.current;
    if (!shown) return;
    const measure = () => setRoom({ width: shown.clientWidth, height: shown.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(shown);
    return () => observer.disconnect();
  }, [element]);
  return room;
}

type Sight = { first: number; last: number; main: number };
/** A place, and how far below the top of the window it is kept. */
type Anchor = { place: Place; at: number };

/** Which pages are in sight. Whatever changes the sizes of pages (zoom, a page that turns out larger) moves nothing. */
export function useWindow(element: RefObject<HTMLElement | null>, layout: Layout, room: Size | null) {
  const [sight, setSight] = useState<Sight>({ first: 0, last: 0, main: 0 });
  const anchor = useRef<Anchor>({ place: { index: 0, share: 0 }, at: 0 });
  const across = useRef(0.5);
  const drawn = useRef(layout);
  drawn.current = layout;

  const look = useCallback(() => {
    const shown = element.current;
    if (!shown) return;
    const { scrollTop: top, clientHeight: height } = shown;
    const [first, last] = pagesBetween(drawn.current, top - AHEAD * height, top + (1 + AHEAD) * height);
    const main = mainPage(drawn.current, top, top + height);
    setSight((before) =>
      before.first === first && before.last === last && before.main === main ? before : { first, last, main },
    );
  }, [element]);

  const settle = useCallback(() => {
    const shown = element.current;
    if (!shown) return;
    shown.scrollTop = heightOf(drawn.current, anchor.current.place) - anchor.current.at;
    shown.scrollLeft = across.current * shown.scrollWidth - shown.clientWidth / 2;
    look();
  }, [element, look]);

  /** Keeps what is `at` pixels below the window's top where it is, through the next changes. */
  const hold = useCallback(
    (at: number) => {
      const shown = element.current;
      if (shown) anchor.current = { place: placeAt(drawn.current, shown.scrollTop + at), at };
    },
    [element],
  );

  const goTo = useCallback(
    (place: Place, at: number) => {
      anchor.current = { place, at };
      settle();
    },
    [settle],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: settled anew whenever pages or the window change size.
  useLayoutEffect(settle, [layout, room, settle]);

  useEffect(() => {
    const shown = element.current;
    if (!shown) return;
    const scrolled = () => {
      hold(anchor.current.at);
      across.current = (shown.scrollLeft + shown.clientWidth / 2) / shown.scrollWidth;
      look();
    };
    shown.addEventListener("scroll", scrolled, { passive: true });
    return () => shown.removeEventListener("scroll", scrolled);
  }, [element, hold, look]);

  return { sight, goTo, hold };
}
