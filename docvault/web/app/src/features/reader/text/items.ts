/** A long text as a list of pieces, so that only those in sight are drawn. */
import type { PageText } from "../api";
import { type Block, reachOf } from "./blocks";

export type Item =
  | { kind: "page"; page: number }
  | { kind: "waiting"; page: number }
  | { kind: "empty"; page: number }
  | { kind: "block"; page: number; index: number; block: Block };

export const CHUNK = 20; // pages of one request

export function chunkOf(page: number): number {
  return Math.floor((page - 1) / CHUNK);
}

export function pagesOf(chunk: number): [first: number, last: number] {
  return [chunk * CHUNK + 1, (chunk + 1) * CHUNK];
}

/** Pages that are not there yet take one waiting item. A text of one page needs no line that says so. */
export function itemsOf(
  count: number,
  pages: ReadonlyMap<number, PageText>,
  blocks: (page: PageText) => Block[],
): Item[] {
  const items: Item[] = [];
  for (let page = 1; page <= count; page += 1) {
    if (count > 1) items.push({ kind: "page", page });
    const loaded = pages.get(page);
    if (!loaded) {
      items.push({ kind: "waiting", page });
      continue;
    }
    const parts = blocks(loaded);
    if (!parts.length) items.push({ kind: "empty", page });
    items.push(...parts.map((block, index): Item => ({ kind: "block", page, index, block })));
  }
  return items;
}

export function keyOf(item: Item): string {
  return item.kind === "block" ? `${item.page} ${item.index}` : `${item.page} ${item.kind}`;
}

const LINE = 27; // CSS pixels of a line of running text
const LETTERS = 70; // in a line

/** About how high a piece will be, until it was drawn. */
export function heightOf(item: Item): number {
  if (item.kind === "page") return 56;
  if (item.kind === "empty") return 48;
  if (item.kind === "waiting") return 900;
  const { start, end } = reachOf(item.block);
  if (item.block.kind === "heading") return 52;
  if (item.block.kind === "table") return 34 * item.block.rows.length + 20;
  if (item.block.kind === "list") return (LINE + 4) * item.block.items.length + 16;
  return LINE * Math.ceil((end - start) / LETTERS) + 16;
}

/** The piece that holds an offset of a page's text, or the page's beginning. */
export function itemAt(items: readonly Item[], page: number, offset: number | undefined): number {
  const first = items.findIndex((item) => item.page === page);
  if (offset === undefined || first < 0) return Math.max(first, 0);
  const found = items.findIndex(
    (item, index) =>
      index >= first && item.kind === "block" && item.page === page && reachOf(item.block).end > offset,
  );
  return found < 0 ? first : found;
}
