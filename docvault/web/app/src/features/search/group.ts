/** Hits by document, the document of the best hit first; and the text of a hit cut to what matters. */
import type { Hit } from "./query";

export type Group = { documentId: string; hits: Hit[] };

export function grouped(hits: readonly Hit[]): Group[] {
  const groups = new Map<string, Group>();
  for (const hit of hits) {
    const group = groups.get(hit.document_id) ?? { documentId: hit.document_id, hits: [] };
    group.hits.push(hit);
    groups.set(hit.document_id, group);
  }
  return [...groups.values()];
}

export type Piece = { text: string; marked: boolean };

const LONGEST = 260; // characters of a snippet
const BEFORE = 0.2; // of a snippet is shown before its first mark

/** Around the first mark, at word boundaries. `marks` are `[start, end]` in `text`. */
export function snippet(
  text: string,
  marks: readonly (readonly number[])[],
  longest: number = LONGEST,
): Piece[] {
  const first = marks[0]?.[0] ?? 0;
  const before = longest * BEFORE;
  const start = text.length <= longest || first <= before ? 0 : wordStart(text, first - before);
  const end = text.length - start <= longest ? text.length : wordEnd(text, start + longest);
  const pieces: Piece[] = [];
  let at = start;
  for (const [from = 0, to = 0] of marks) {
    if (from < at || to > end) continue;
    if (from > at) pieces.push({ text: text.slice(at, from), marked: false });
    pieces.push({ text: text.slice(from, to), marked: true });
    at = to;
  }
  if (at < end) pieces.push({ text: text.slice(at, end), marked: false });
  if (start > 0) pieces.unshift({ text: "… ", marked: false });
  if (end < text.length) pieces.push({ text: " …", marked: false });
  return pieces;
}

function wordStart(text: string, at: number): number {
  const space = text.lastIndexOf(" ", at);
  return space < 0 ? 0 : space + 1;
}

function wordEnd(text: string, at: number): number {
  const space = text.indexOf(" ", at);
  return space < 0 ? text.length : space;
}
