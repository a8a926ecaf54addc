/**
 * Finding words in a text that was set differently: white space, hyphens at line ends, ligatures, accents, quotation
 * marks and capitals do not count. Places are UTF-16 units of the text given, as `slice` counts.
 */
export type Span = { start: number; end: number };

type Folded = {
  text: string;
  /** Where each unit of `text` begins in the original; one more for its end. */
  from: number[];
};

const DROPPED = /[\u00ad\u200b-\u200d\u2060\ufeff]|\p{M}/u;
const DASH = /[-\u2010-\u2015\u2212]/;
const SPACE = /\s/;
const ALIKE: Record<string, string> = {
  "’": "'",
  "‘": "'",
  "“": '"',
  "”": '"',
  "„": '"',
  "«": '"',
  "»": '"',
};
const CLAUSE = /\s*(?:…|\.\.\.|\n+|(?<=[.!?;])\s)\s*/;
const LEAST = 12; // letters of a piece that is worth finding by itself
const WORDS = 6; // in a piece, where sentences are not found
const CLOSE = 3; // units between two spans that are shown as one

/** `tight` leaves out all white space and hyphens; without it, white space is one blank and broken words are whole. */
export function fold(text: string, tight: boolean): Folded {
  let folded = "";
  const from: number[] = [];
  for (let at = 0; at < text.length; ) {
    const char = String.fromCodePoint(text.codePointAt(at) as number);
    const next = broken(text, at, char) ?? at + char.length;
    const said = next === at + char.length ? plain(char, tight, folded.endsWith(" ")) : "";
    for (let unit = 0; unit < said.length; unit += 1) from.push(at);
    folded += said;
    at = next;
  }
  from.push(text.length);
  return { text: folded, from };
}

/** Behind a hyphen that only ends a line, where the word goes on. */
function broken(text: string, at: number, char: string): number | undefined {
  if (!DASH.test(char) || !/^\p{L}$/u.test(text[at - 1] ?? "")) return undefined;
  const rest = /^[^\S\n]*\n\s*(?=\p{Ll})/u.exec(text.slice(at + 1, at + 80));
  return rest ? at + 1 + rest[0].length : undefined;
}

function plain(char: string, tight: boolean, blankBefore: boolean): string {
  if (SPACE.test(char)) return tight || blankBefore ? "" : " ";
  if (DASH.test(char)) return tight ? "" : "-";
  if (char < "\u0080") return char.toLowerCase();
  const base = [...char.normalize("NFKD")].filter((one) => !DROPPED.test(one)).join("");
  return ALIKE[base] ?? base.toLowerCase();
}

/** Every place where `words` stand, from the front, none over another. */
export function findAll(text: string, words: string): Span[] {
  const wanted = fold(words.trim(), false).text;
  return wanted ? placesOf(fold(text, false), wanted) : [];
}

function placesOf(folded: Folded, wanted: string): Span[] {
  const found: Span[] = [];
  let at = folded.text.indexOf(wanted);
  while (at >= 0) {
    found.push(original(folded, at, at + wanted.length));
    at = folded.text.indexOf(wanted, at + wanted.length);
  }
  return found;
}

function original(folded: Folded, start: number, end: number): Span {
  const last = folded.from[end - 1] ?? 0;
  let after = end;
  // One character may have become several units: its end is where the next one begins.
  while (folded.from[after] === last) after += 1;
  return { start: folded.from[start] ?? 0, end: folded.from[after] ?? last + 1 };
}

/** Where a quoted passage stands: whole, or those of its sentences that are there. `near` chooses among several. */
export function findQuote(text: string, quote: string, near = 0): Span[] {
  const folded = fold(text, true);
  const whole = nearest(placesOf(folded, fold(quote, true).text || "\0"), near);
  if (whole) return [trimmed(text, whole)];
  const sentences = piecesIn(folded, quote.split(CLAUSE));
  const pieces = sentences.length ? sentences : piecesIn(folded, groups(quote));
  return joined(pieces.map((span) => trimmed(text, span)));
}

function nearest(spans: Span[], near: number): Span | undefined {
  return [...spans].sort((a, b) => Math.abs(a.start - near) - Math.abs(b.start - near))[0];
}

/** The pieces found, each behind the one before; nothing when that is less than half of what was looked for. */
function piecesIn(folded: Folded, pieces: string[]): Span[] {
  const wanted = pieces.map((piece) => fold(piece, true).text).filter((piece) => piece.length >= LEAST);
  const found: Span[] = [];
  let letters = 0;
  let from = 0;
  for (const piece of wanted) {
    const at = folded.text.indexOf(piece, from);
    if (at < 0) continue;
    from = at + piece.length;
    letters += piece.length;
    found.push(original(folded, at, from));
  }
  return 2 * letters >= wanted.join("").length ? found : [];
}

function groups(quote: string): string[] {
  const words = quote.split(/\s+/);
  return Array.from({ length: Math.ceil(words.length / WORDS) }, (_, group) =>
    words.slice(group * WORDS, (group + 1) * WORDS).join(" "),
  );
}

function joined(spans: Span[]): Span[] {
  const all: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const last = all[all.length - 1];
    if (last && span.start - last.end <= CLOSE) last.end = Math.max(last.end, span.end);
    else all.push({ ...span });
  }
  return all;
}

/** Without white space at its ends, which folding gave to the letter before. */
function trimmed(text: string, span: Span): Span {
  let { start, end } = span;
  while (end > start && SPACE.test(text[end - 1] as string)) end -= 1;
  while (start < end && SPACE.test(text[start] as string)) start += 1;
  return { start, end };
}

/** The server counts characters, JavaScript UTF-16 units: they differ behind the first emoji. */
export function unitsOf(text: string, characters: number): number {
  if (!/[\ud800-\udfff]/.test(text)) return Math.min(characters, text.length);
  let unit = 0;
  for (let seen = 0; seen < characters && unit < text.length; seen += 1)
    unit += (text.codePointAt(unit) as number) > 0xffff ? 2 : 1;
  return unit;
}

/** What of a page's text is cited: by its offsets where they fit the quote, else by finding the quote. */
export function citedSpans(text: string, cited: { quote?: string; start?: number; end?: number }): Span[] {
  const { quote, start, end } = cited;
  const given =
    start !== undefined && end !== undefined && end > start
      ? { start: unitsOf(text, start), end: unitsOf(text, end) }
      : undefined;
  if (!quote) return given && given.end > given.start ? [given] : [];
  const says = given && fold(text.slice(given.start, given.end), true).text;
  if (given && says && says === fold(quote, true).text) return [given];
  return findQuote(text, quote, given?.start);
}
