/** What the parts of the reader tell each other. Pages count from 1. */
import type { Box, DocumentView } from "@/shared/vault/types";
import type { FindHit } from "./api";
import { type Area, areaOf, type Size } from "./boxes";

/**
 * Where to go. Another `turn` goes there again. `cited`: to the marks on the page; `found`: to the current hit. `share`
 * is how far down the page, 0 to 1.
 */
export type Target = { page: number; turn: number; why: "page" | "cited" | "found"; share?: number };

/** A place in the document that a link leads to. */
export type Inside = { page: number; share: number };

/** An entry of a table of contents; `find` looks up where it leads, if anywhere. */
export type OutlineItem = { title: string; items: OutlineItem[]; find?: () => Promise<Inside | null> };

/** What of a page is cited. */
export type Cited = { page: number; boxes: Box[]; quote?: string; start?: number; end?: number };

export type Found = {
  q: string;
  hits: readonly FindHit[];
  /** Index of the hit that is shown; -1 for none. */
  current: number;
};

export type ViewProps = {
  document: DocumentView;
  target: Target;
  cited: Cited | null;
  found: Found;
  onPage: (page: number) => void;
};

/** Which of the hits of its page the current one is, or -1 where it is on another page. */
export function currentOn(found: Found, page: number): number {
  const current = found.hits[found.current];
  if (!current || current.page !== page) return -1;
  return found.hits.slice(0, found.current).filter((hit) => hit.page === page).length;
}

/** Of a page that has no words to mark: the paragraphs that each of its hits is in. */
export function boxAreas(found: Found, page: number, size: Size): Area[][] {
  return found.hits
    .filter((hit) => hit.page === page)
    .map((hit) => (hit.boxes ?? []).map((box) => areaOf(box, size)));
}

export const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"];

export type Kind = "pdf" | "picture" | "text";

export function kindOf(document: DocumentView): Kind {
  if (document.content_type === "application/pdf") return "pdf";
  return PICTURES.includes(document.content_type) ? "picture" : "text";
}
