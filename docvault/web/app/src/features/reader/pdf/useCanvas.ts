import type { PDFPageProxy } from "pdfjs-dist";
import { type RefObject, useEffect, useRef } from "react";
import type { Size } from "../boxes";
import { fineness } from "./zoom";

const LATER = 150; // milliseconds: pages in sight go first, and a zoom that goes on is waited for

/**
 * Draws a page into `holder`. A page that is drawn already is stretched until its next picture is ready; one that
 * leaves gives back its memory at once.
 */
export function useCanvas(
  holder: RefObject<HTMLElement | null>,
  page: PDFPageProxy | null,
  size: Size,
  scale: number,
  inSight: boolean,
): void {
  const first = useRef(inSight);
  first.current = inSight;
  const { width, height } = size;
  useEffect(() => {
    const place = holder.current;
    if (!place || !page) return;
    const canvas = window.document.createElement("canvas");
    const wait = place.firstChild || !first.current ? LATER : 0;
    let drawing: { cancel: () => void } | null = null;
    const timer = setTimeout(() => {
      drawing = draw(page, canvas, fineness(scale, { width, height }, window.devicePixelRatio || 1), () => {
        for (const old of place.querySelectorAll("canvas")) free(old);
        place.replaceChildren(canvas);
      });
    }, wait);
    return () => {
      clearTimeout(timer);
      drawing?.cancel();
      if (!canvas.isConnected) free(canvas);
    };
  }, [holder, page, scale, width, height]);
  useEffect(() => {
    const place = holder.current;
    return () => {
      for (const canvas of place?.querySelectorAll("canvas") ?? []) free(canvas);
      page?.cleanup();
    };
  }, [holder, page]);
}

function draw(page: PDFPageProxy, canvas: HTMLCanvasElement, scale: number, done: () => void) {
  const viewport = page.getViewport({ scale });
  canvas.width = Math.max(1, Math.round(viewport.width));
  canvas.height = Math.max(1, Math.round(viewport.height));
  canvas.setAttribute("aria-hidden", "true");
  const task = page.render({ canvas, viewport });
  // What was cancelled rejects; a page that cannot be drawn stays white, and its text can still be selected.
  task.promise.then(done, () => undefined);
  return task;
}

/** Browsers keep a canvas' memory until it is collected, but not that of an empty one. */
function free(canvas: HTMLCanvasElement): void {
  canvas.width = 0;
  canvas.height = 0;
}
