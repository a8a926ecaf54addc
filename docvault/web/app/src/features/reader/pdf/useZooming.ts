import { type RefObject, useEffect, useRef } from "react";

/** Ctrl and the wheel (which is also what two fingers on a touchpad send), and two fingers on a screen. */
export function useZooming(
  element: RefObject<HTMLElement | null>,
  /** `factor` on what is shown now, around `at` pixels below the element's top. */
  zoomBy: (factor: number, at: number) => void,
): void {
  const latest = useRef(zoomBy);
  latest.current = zoomBy;
  useEffect(() => {
    const shown = element.current;
    if (!shown) return;
    let apart = 0;
    const top = () => shown.getBoundingClientRect().top;
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const pixels = Math.max(-60, Math.min(60, event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY));
      latest.current(Math.exp(-pixels / 240), event.clientY - top());
    };
    const pinch = (event: TouchEvent) => {
      const [one, two] = event.touches;
      if (!one || !two) {
        apart = 0;
        return;
      }
      event.preventDefault();
      const now = Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
      if (apart) latest.current(now / apart, (one.clientY + two.clientY) / 2 - top());
      apart = now;
    };
    const kinds = ["touchstart", "touchmove", "touchend"] as const;
    shown.addEventListener("wheel", wheel, { passive: false });
    for (const kind of kinds) shown.addEventListener(kind, pinch, { passive: false });
    return () => {
      shown.removeEventListener("wheel", wheel);
      for (const kind of kinds) shown.removeEventListener(kind, pinch);
    };
  }, [element]);
}
