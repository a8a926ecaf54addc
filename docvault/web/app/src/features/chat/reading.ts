/** Where the reader opens for a citation or a passage. */
import { boxesText, type ReaderPlace } from "@/shared/vault/place";
import type { Citation, Source } from "./types";

const LONGEST = 500; // characters of a quotation in an address

export function citedPlace(citation: Citation): ReaderPlace {
  const { page, quote, boxes, start, end } = citation;
  return placed({ page, quote: quote.slice(0, LONGEST), boxes: boxesText(boxes), start, end });
}

/** Without offsets, the passage is found by how it begins. */
export function sourcePlace(source: Source): ReaderPlace {
  const { page, text, boxes, passage_start: start, passage_end: end } = source;
  const known = start !== undefined && end !== undefined && end > start;
  if (known) return placed({ page, boxes: boxesText(boxes), start, end });
  return placed({ page, boxes: boxesText(boxes), quote: text.slice(0, LONGEST) });
}

function placed(place: { [K in keyof ReaderPlace]: ReaderPlace[K] | null }): ReaderPlace {
  return Object.fromEntries(
    Object.entries(place).filter(([, value]) => value !== null && value !== undefined),
  );
}
