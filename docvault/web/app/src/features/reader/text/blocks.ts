/**
 * What a page's plain text shows of its form: headings, lists, table rows, the head of a letter. Every piece keeps its
 * offsets into the text, so that marks stand where the server counted them.
 */
import type { Span } from "../match";

export type Block =
  | { kind: "heading"; level: 1 | 2; span: Span }
  | { kind: "text"; span: Span; flows: boolean }
  | { kind: "list"; items: Item[] }
  | { kind: "table"; rows: Span[][]; head: boolean; more: boolean }
  | { kind: "fields"; fields: { name: Span; value: Span }[] }
  | { kind: "lines"; span: Span };
export type Item = { marker: string; depth: number; span: Span };
/** `prose` is read for its form, `lines` are shown as they stand (logs, programs). */
export type Form = "prose" | "lines";

const CELL = " | ";
const MARKER = /^(\s*)([-•*–▪◦‣]|\d{1,3}[.)]|[a-z][.)])\s+(?=\S)/;
const FIELD = /^(\p{Lu}[\p{L}-]{1,20}): (\S.*)$/u;
const MAIL_FIELDS = /^(?:From|To|Cc|Bcc|Date|Subject|Sent|Von|An|Datum|Betreff): /;
const LONGEST_HEADING = 90;
const ROWS = 25; // of a table that is drawn at once
const LINES = 80;
const LONGEST = 6000; // characters of one piece of running text

export function blocksOf(text: string, form: Form, title?: string | null): Block[] {
  if (form === "lines") return linesIn(text, { start: 0, end: text.length });
  const parts = partsOf(text);
  return parts.flatMap((part, index) => blockOf(text, part, index, parts.length, title ?? null));
}

/** What stands between empty lines, without the white space at its ends. */
function partsOf(text: string): Span[] {
  const parts: Span[] = [];
  let start = 0;
  const add = (end: number) => {
    const part = { start, end: start + text.slice(start, end).trimEnd().length };
    if (part.end > part.start) parts.push(part);
  };
  for (const empty of text.matchAll(/\n(?:[^\S\n]*\n)+/g)) {
    add(empty.index);
    start = empty.index + empty[0].length;
  }
  add(text.length);
  return parts;
}

function blockOf(text: string, part: Span, index: number, count: number, title: string | null): Block[] {
  const lines = linesOf(text, part);
  const words = lines.map((line) => text.slice(line.start, line.end));
  if (words.length > 1 && words.filter((line) => line.includes(CELL)).length > words.length / 2)
    return tableOf(text, lines);
  if (words.every((line) => FIELD.test(line)) && words.some((line) => MAIL_FIELDS.test(line)))
    return [{ kind: "fields", fields: lines.map((line) => fieldOf(text, line)) }];
  if (MARKER.test(words[0] as string) && (words.length > 1 || /^\s*[-•*▪◦‣]/.test(words[0] as string)))
    return [{ kind: "list", items: itemsOf(text, lines) }];
  if (isHeading(words, index, count, title))
    return [{ kind: "heading", level: index === 0 && title !== null ? 1 : 2, span: part }];
  if (words.length > 3 && words.filter((line) => /^(?:\s{4}|\t)/.test(line)).length > words.length / 3)
    return linesIn(text, part);
  return runningText(text, part, words);
}

function linesOf(text: string, part: Span): Span[] {
  const lines: Span[] = [];
  for (let start = part.start; start <= part.end; ) {
    const found = text.indexOf("\n", start);
    const end = found < 0 || found > part.end ? part.end : found;
    lines.push({ start, end });
    start = end + 1;
  }
  return lines.filter((line) => text.slice(line.start, line.end).trim() !== "");
}

function isHeading(words: string[], index: number, count: number, title: string | null): boolean {
  const line = (words[0] as string).trim();
  if (words.length !== 1) return false;
  if (index === 0 && title !== null && line === title.trim()) return true;
  return (
    index < count - 1 &&
    line.length <= LONGEST_HEADING &&
    /^[\p{Lu}\p{N}\p{Lo}"„“¿¡(]/u.test(line) &&
    /\p{L}/u.test(line) &&
    !/[.,;:!…|"”]$/.test(line) &&
    !line.includes(CELL)
  );
}

/** Lines that are about as long as each other were broken to fit; others end where somebody wished. */
function runningText(text: string, part: Span, words: string[]): Block[] {
  const longest = Math.max(...words.map((line) => line.length));
  const full = words.slice(0, -1).every((line) => line.length > 40 && line.length > 0.6 * longest);
  return split(text, part, LONGEST, /[.!?]\s/g).map((span) => ({ kind: "text", span, flows: full }));
}

function linesIn(text: string, whole: Span): Block[] {
  const lines: Block[] = [];
  let start = whole.start;
  let seen = 0;
  for (let at = start; at < whole.end; ) {
    const next = text.indexOf("\n", at);
    const end = next < 0 || next >= whole.end ? whole.end : next + 1;
    seen += 1;
    if (seen === LINES || end - start > LONGEST || end === whole.end) {
      lines.push({ kind: "lines", span: { start, end } });
      start = end;
      seen = 0;
    }
    at = end;
  }
  return lines;
}

/** Long text in pieces that end where `at` allows it. */
function split(text: string, span: Span, most: number, at: RegExp): Span[] {
  const pieces: Span[] = [];
  let { start } = span;
  while (span.end - start > most) {
    const ends = [...text.slice(start + most / 2, start + most).matchAll(at)];
    const last = ends[ends.length - 1];
    const end = last ? start + most / 2 + last.index + last[0].length : start + most;
    pieces.push({ start, end });
    start = end;
  }
  return [...pieces, { start, end: span.end }];
}

function tableOf(text: string, lines: Span[]): Block[] {
  const rows = lines.map((line) => cellsOf(text, line));
  return Array.from({ length: Math.ceil(rows.length / ROWS) }, (_, index) => ({
    kind: "table",
    rows: rows.slice(index * ROWS, (index + 1) * ROWS),
    head: index === 0,
    more: rows.length > ROWS,
  }));
}

function cellsOf(text: string, line: Span): Span[] {
  const cells: Span[] = [];
  for (let start = line.start; ; ) {
    const found = text.indexOf(CELL, start);
    if (found < 0 || found + CELL.length > line.end) return [...cells, { start, end: line.end }];
    cells.push({ start, end: found });
    start = found + CELL.length;
  }
}

function fieldOf(text: string, line: Span): { name: Span; value: Span } {
  const colon = text.indexOf(": ", line.start);
  return { name: { start: line.start, end: colon }, value: { start: colon + 2, end: line.end } };
}

/** Lines without a marker go on with the item above. */
function itemsOf(text: string, lines: Span[]): Item[] {
  const items: Item[] = [];
  for (const line of lines) {
    const found = MARKER.exec(text.slice(line.start, line.end));
    const last = items[items.length - 1];
    if (!found && last) last.span.end = line.end;
    else {
      const depth = Math.min(4, Math.floor((found?.[1]?.length ?? 0) / 2));
      const start = line.start + (found?.[0].length ?? 0);
      items.push({ marker: found?.[2] ?? "", depth, span: { start, end: line.end } });
    }
  }
  return items;
}

const LINED = /\.(?:log|py|js|mjs|ts|tsx|jsx|ya?ml|toml|ini|cfg|conf|sh|sql|c|h|cpp|rs|go|java|rb|css|xml)$/i;
const STAMPED = /^\W{0,2}(?:\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:)/;

/** Logs and programs keep their lines and their columns. */
export function formOf(filename: string, contentType: string, text: string): Form {
  if (LINED.test(filename) || /^application\/xml|^text\/x-/.test(contentType)) return "lines";
  // Of JSON, tables and fields were made where that could be done; the rest is as it was.
  if (contentType === "application/json") return /^\s*[{[]/.test(text) ? "lines" : "prose";
  if (!contentType.startsWith("text/plain")) return "prose";
  const lines = text.slice(0, 4000).split("\n", 40).filter(Boolean);
  return lines.length > 2 && lines.filter((line) => STAMPED.test(line)).length > lines.length / 2
    ? "lines"
    : "prose";
}

/** From where to where a block reaches in the text. */
export function reachOf(block: Block): Span {
  if (block.kind === "table") return around(block.rows.flat());
  if (block.kind === "list") return around(block.items.map((item) => item.span));
  if (block.kind === "fields") return around(block.fields.flatMap((field) => [field.name, field.value]));
  return block.span;
}

function around(spans: Span[]): Span {
  return { start: spans[0]?.start ?? 0, end: spans[spans.length - 1]?.end ?? 0 };
}
