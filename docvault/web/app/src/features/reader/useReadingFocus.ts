import { type RefObject, useEffect } from "react";

/** Arrows and the space bar scroll the pages at once, unless the person is in a field. Nobody asked for a focus ring. */
export function useReadingFocus(element: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const shown = element.current;
    const now = window.document.activeElement;
    if (!shown || (now && now !== window.document.body && now.id !== "main")) return;
    const left = () => delete shown.dataset.quiet;
    shown.dataset.quiet = "";
    shown.addEventListener("blur", left, { once: true });
    shown.focus({ preventScroll: true });
    return () => shown.removeEventListener("blur", left);
  }, [element]);
}
