/** Which sentence of a passage answers: the one with most of the question's words, the rare ones weighing more. */
import { unitOffsets } from "@/shared/lib/points";
import type { Hit } from "./query";

/** UTF-16 units of the passage's text. */
export type Span = { start: number; end: number };

/** `answers`: it says about as much of the question as the best sentence of all hits, and not a word or two in passing. */
export type Best = Span & { answers: boolean };

const LONGEST = 600; // units of a sentence that is worth marking: longer ones are lists without an end
const STEM = 5; // letters that forms of a word share
const ENOUGH = 0.6; // of what the best sentence of all weighs
const WORDY = /\p{L}{2,}/u;
const WORDS = /[\p{L}\p{N}]+/gu;

/** Of each hit, by its id, as far as its words are the question's. `hits` are all that were found: they tell what is rare. */
export function bestSentences(hits: readonly Hit[]): Map<string, Best> {
  const marked = hits.map((hit) => ({ hit, marks: marksOf(hit) }));
  const often = new Map<string, number>();
  for (const { marks } of marked)
    for (const stem of new Set(marks.map((mark) => mark.stem))) often.set(stem, (often.get(stem) ?? 0) + 1);
  const weight = (stem: string) => Math.log(1 + hits.length / ((often.get(stem) ?? 0) + 0.5));
  const found = marked.flatMap(({ hit, marks }) => heaviest(hit, marks, weight) ?? []);
  const most = Math.max(...found.map((one) => one.weight));
  return new Map(
    found.map(({ id, start, end, weight: has }) => [id, { start, end, answers: has >= most * ENOUGH }]),
  );
}

type Mark = Span & { stem: string };
type Weighed = Span & { id: string; weight: number };

function marksOf(hit: Hit): Mark[] {
  const at = unitOffsets(hit.text);
  return (hit.marks ?? []).map(([from, to]) => {
    const [start, end] = [at(from), at(to)];
    return { start, end, stem: hit.text.slice(start, end).toLowerCase().slice(0, STEM) };
  });
}

/**
 * A word said twice counts little more than once, and the first of two that weigh the same is taken. What says nothing
 * but the question's own words, as headings do, answers nothing.
 */
function heaviest(hit: Hit, marks: readonly Mark[], weight: (stem: string) => number): Weighed | null {
  let best: Weighed | null = null;
  for (const span of sentencesOf(hit.text, bodyOf(hit))) {
    const inside = marks.filter((mark) => mark.start >= span.start && mark.end <= span.end);
    const stems = new Set(inside.map((mark) => mark.stem));
    const said = hit.text.slice(span.start, span.end).match(WORDS)?.length ?? 0;
    const known = [...stems].reduce((all, stem) => all + weight(stem), 0) + 0.01 * inside.length;
    const sum = said > inside.length ? known : known / 2;
    if (sum > (best?.weight ?? 0) && span.end - span.start <= LONGEST)
      best = { ...span, id: hit.chunk_id, weight: sum };
  }
  return best;
}

/** Where a passage begins behind the headings that are shown above it. */
export function bodyOf(hit: Hit): number {
  const shown = new Set([...hit.section, hit.filename.replace(/\.\w+$/, "")].map(plain));
  let start = 0;
  for (;;) {
    const gap = /\n\s*\n\s*/.exec(hit.text.slice(start));
    if (!gap || !shown.has(plain(hit.text.slice(start, start + gap.index)))) return start;
    start += gap.index + gap[0].length;
  }
}

function plain(text: string): string {
  return text
    .replace(/[#*_\s]+/g, " ")
    .trim()
    .toLowerCase();
}

/** Sentences of running text; rows of tables and entries of lists by themselves. */
export function sentencesOf(text: string, from = 0): Span[] {
  const spans: Span[] = [];
  let start = from;
  for (const gap of text.slice(from).matchAll(/\n\s*\n\s*|$/g)) {
    spans.push(...partsOf(text, { start, end: from + gap.index }));
    start = from + gap.index + gap[0].length;
  }
  return spans
    .map((span) => trimmed(text, span))
    .filter(({ start: a, end: b }) => WORDY.test(text.slice(a, b)));
}

const ALONE = /^\s*(?:[-•*–▪]|\d{1,3}[.)])\s|\s\|\s/; // lines of lists and tables

function partsOf(text: string, part: Span): Span[] {
  const lines: Span[] = [];
  for (let at = part.start; at < part.end; ) {
    const found = text.indexOf("\n", at);
    const end = found < 0 || found > part.end ? part.end : found;
    const last = lines[lines.length - 1];
    // A line that only goes on is of the sentence before it.
    const goesOn =
      last && ![last, { start: at, end }].some((line) => ALONE.test(text.slice(line.start, line.end)));
    if (goesOn) last.end = end;
    else lines.push({ start: at, end });
    at = end + 1;
  }
  return lines.flatMap((line) => (ALONE.test(text.slice(line.start, line.end)) ? [line] : prose(text, line)));
}

function prose(text: string, { start, end }: Span): Span[] {
  const said = text.slice(start, end).replace(/\n/g, " ");
  return [...splitter().segment(said)].map(({ index, segment }) => ({
    start: start + index,
    end: start + index + segment.length,
  }));
}

let made: Intl.Segmenter | undefined;

function splitter(): Intl.Segmenter {
  made ??= new Intl.Segmenter(undefined, { granularity: "sentence" });
  return made;
}

function trimmed(text: string, { start, end }: Span): Span {
  const said = text.slice(start, end);
  return {
    start: start + said.length - said.trimStart().length,
    end: end - (said.length - said.trimEnd().length),
  };
}
