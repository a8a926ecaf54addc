/** Where words stand that were read in a picture: the server says it run by run, and within a run they are measured. */
import type { Box } from "@/shared/vault/types";
import type { PageText } from "./api";
import { type Area, areaOf, type Size } from "./boxes";
import { type Span, unitsOf } from "./match";
import type { Found } from "./reading";

const BACKWARDS = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/; // written from right to left

/** Whether the page says where its words are. */
export function hasPlaces(page: PageText | undefined): page is PageText & { places: number[][] } {
  return Boolean(page?.places?.length);
}

/** The areas of a piece of the page's text; none where none of its words has a place. `size` is in points. */
export function placesOf(page: PageText, span: Span, size: Size): Area[] {
  const units = (points: number) => unitsOf(page.text, points);
  return (page.places ?? []).flatMap(([from = 0, to = 0, left = 0, top = 0, right = 0, bottom = 0]) => {
    const [start, end] = [units(from), units(to)];
    const first = Math.max(span.start, start);
    const last = Math.min(span.end, end);
    if (first >= last) return [];
    const said = page.text.slice(start, end);
    const upright = bottom - top > 1.5 * (right - left) && said.length > 2;
    if (upright || BACKWARDS.test(said)) return [areaOf([left, top, right, bottom], size)];
    const share = (at: number) => width(said.slice(0, at - start)) / (width(said) || 1);
    const box: Box = [left + share(first) * (right - left), top, left + share(last) * (right - left), bottom];
    return [areaOf(box, size)];
  });
}

/** Those of each hit on the page. */
export function areasOfHits(page: PageText, found: Found, size: Size): Area[][] {
  return found.hits
    .filter((hit) => hit.page === page.page)
    .map((hit) =>
      placesOf(page, { start: unitsOf(page.text, hit.start), end: unitsOf(page.text, hit.end) }, size),
    );
}

let canvas: CanvasRenderingContext2D | null | undefined;

/** As a common face sets it: how wide letters are against each other differs little among them. */
function width(text: string): number {
  if (canvas === undefined) {
    canvas = globalThis.document?.createElement("canvas").getContext("2d") ?? null;
    if (canvas) canvas.font = "100px Georgia, 'Times New Roman', serif";
  }
  return canvas ? canvas.measureText(text).width : text.length;
}
