/** Hits by document, the document of the best hit first; and the text of a hit cut to what matters. */
import type { Span } from "./best";
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

/** `best`: of the sentence that answers. `word`: one of the question's in it. */
export type Piece = { text: string; kind: "plain" | "best" | "word" };

const LONGEST = 260; // characters of a snippet
const BEFORE = 0.3; // of a snippet may stand before its best sentence

/** Around the best sentence, at word boundaries; without one, the beginning. `words` are those of the question. */
export function snippet(
  text: string,
  from: number,
  best: Span | undefined,
  words: readonly Span[],
  longest: number = LONGEST,
): Piece[] {
  const fits = text.length - from <= longest || (best?.start ?? from) - from <= longest * BEFORE;
  const start = fits ? from : (best?.start ?? from);
  const wanted = start + longest;
  const end = text.length <= wanted ? text.length : wordEnd(text, wanted);
  const pieces: Piece[] = [];
  const add = (piece: Span, kind: Piece["kind"]) => {
    const said = readable(text.slice(piece.start, piece.end));
    if (said && piece.end > piece.start) pieces.push({ text: said, kind });
  };
  if (best && best.start < end) {
    const shown = { start: best.start, end: Math.min(best.end, end) };
    add({ start, end: shown.start }, "plain");
    let at = shown.start;
    for (const word of words) {
      if (word.start < at || word.end > shown.end) continue;
      add({ start: at, end: word.start }, "best");
      add(word, "word");
      at = word.end;
    }
    add({ start: at, end: shown.end }, "best");
    add({ start: shown.end, end }, "plain");
  } else add({ start, end }, "plain");
  if (start > from) pieces.unshift({ text: "… ", kind: "plain" });
  if (end < text.length) pieces.push({ text: " …", kind: "plain" });
  return pieces;
}

/** Lines that were broken to fit go on; rows, entries of lists and paragraphs stay apart. */
function readable(text: string): string {
  return text
    .replace(/\u00ad/g, "")
    .replace(/[^\S\n]*\n\s*\n\s*/g, "\n")
    .replace(/^(\s*)[-*•▪–] /gm, "$1• ")
    .replace(/^#{1,6} /gm, "")
    .replace(/(^|\s)\|(?=\s|$)/g, "$1·");
}

function wordEnd(text: string, at: number): number {
  const space = /\s/.exec(text.slice(at, at + 60));
  return space ? at + space.index : at;
}
