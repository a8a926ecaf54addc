/** How large a page is shown. A number is a share of its printed size: 1 is 96 CSS pixels an inch. */
import type { Size } from "../boxes";

export type Zoom = "auto" | "width" | "page" | number;

export const PIXELS = 96 / 72; // CSS pixels of a point
const STEPS = [0.25, 0.33, 0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5];
export const LEAST = 0.25;
export const MOST = 5;
const COMFORT = 1.4; // as wide as `auto` makes a page on a wide window

/** CSS pixels of a point of this page. Fitting is page by page, so that pages lying across fit as well. */
export function scaleOf(zoom: Zoom, page: Size, room: Size): number {
  if (typeof zoom === "number") return zoom * PIXELS;
  const width = Math.max(room.width, 80) / page.width;
  if (zoom === "width") return width;
  if (zoom === "page") return Math.min(width, Math.max(room.height, 80) / page.height);
  return Math.min(width, COMFORT * PIXELS);
}

/** The next step up or down from a share of the printed size. */
export function stepped(share: number, direction: 1 | -1): number {
  const further = direction > 0 ? STEPS.find((step) => step > share + 0.01) : undefined;
  if (direction > 0) return further ?? MOST;
  return [...STEPS].reverse().find((step) => step < share - 0.01) ?? LEAST;
}

export function limited(share: number): number {
  return Math.min(MOST, Math.max(LEAST, share));
}

const MOST_PIXELS = 16_777_216; // of one canvas: what phones allow

/** Canvas pixels of a point: as fine as the screen, within what a canvas may have. */
export function fineness(scale: number, page: Size, ratio: number): number {
  const wished = scale * ratio;
  return Math.min(wished, Math.sqrt(MOST_PIXELS / (page.width * page.height)));
}
