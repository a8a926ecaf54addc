/** Hits by document, the document of the best hit first; and the text of a hit cut to what matters. */
import type { Best, Span } from "./best";
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

/** `best`: of a sentence that answers. `word`: one of the question's words in it. `found`: such a word elsewhere. */
export type Piece = { text: string; kind: "plain" | "best" | "word" | "found" };

const LONGEST = 260; // characters of a snippet
const BEFORE = 0.3; // of a snippet may stand before its best sentence

/** Around the best sentence, at word boundaries; without one, the beginning. `words` are those of the question. */
export function snippet(
  text: string,
  from: number,
  best: Best | undefined,
  words: readonly Span[],
  longest: number = LONGEST,
): Piece[] {
  const fits = text.length - from <= longest || (best?.start ?? from) - from <= longest * BEFORE;
  const start = fits ? from : (best?.start ?? from);
  const wanted = start + longest;
  const end = text.length <= wanted ? text.length : wordEnd(text, wanted);
  const pieces = marked(text, { start, end }, best?.answers ? best : undefined, words);
  if (start > from) pieces.unshift({ text: "… ", kind: "plain" });
  if (end < text.length) pieces.push({ text: " …", kind: "plain" });
  return pieces;
}

/** `shown` cut wherever the sentence or a word begins or ends. */
function marked(text: string, shown: Span, sentence: Span | undefined, words: readonly Span[]): Piece[] {
  const edges = [shown, ...(sentence ? [sentence] : []), ...words].flatMap(({ start, end }) => [start, end]);
  const cuts = [...new Set(edges)].filter((at) => at >= shown.start && at <= shown.end).sort((a, b) => a - b);
  return cuts.slice(1).flatMap((end, index) => {
    const start = cuts[index] ?? end;
    const within = (span: Span | undefined) => span !== undefined && span.start <= start && end <= span.end;
    const said = readable(text.slice(start, end));
    return said ? [{ text: said, kind: KINDS[`${within(sentence)}-${words.some(within)}`] }] : [];
  });
}

/** Whether it is in the sentence, and whether in a word. */
const KINDS = {
  "false-false": "plain",
  "true-false": "best",
  "true-true": "word",
  "false-true": "found",
} as const;

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
