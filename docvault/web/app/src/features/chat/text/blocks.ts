/**
 * Markdown in blocks that can be rendered each for itself. While an answer is written only its last block changes, so
 * nothing above it is parsed or drawn again.
 */
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;
const INDENTED = /^(?: {2,}|\t)\S/;
const DEFINITION = /^ {0,3}\[[^\]]+\]:\s/m;

/** Joined again they are the text. Nothing is cut inside code, a list or a table. */
export function blocks(text: string): string[] {
  if (DEFINITION.test(text)) return text === "" ? [] : [text]; // what is defined at the end is used above
  const found: string[] = [];
  let block = "";
  let fence: string | null = null;
  let list = false;
  let blank = false;
  for (const line of text.split(/(?<=\n)/)) {
    if (fence === null && blank && line.trim() !== "" && !(list && continuesList(line))) {
      found.push(block);
      block = "";
      list = false;
    }
    if (block === "" || (fence === null && ITEM.test(line))) list ||= ITEM.test(line);
    fence = afterLine(fence, line);
    blank = fence === null && line.trim() === "" && block.trim() !== "";
    block += line;
  }
  return block === "" ? found : [...found, block];
}

function continuesList(line: string): boolean {
  return ITEM.test(line) || INDENTED.test(line);
}

/** The fence that is open behind the line. */
function afterLine(fence: string | null, line: string): string | null {
  const mark = FENCE.exec(line)?.[1];
  if (mark === undefined) return fence;
  if (fence === null) return mark;
  const closes = mark[0] === fence[0] && mark.length >= fence.length && line.trim() === mark;
  return closes ? null : fence;
}

/** What is not closed yet at the end of a text that is still written, closed: no stars come and go. */
export function mended(text: string): string {
  const lastLine = text.slice(text.lastIndexOf("\n") + 1);
  if (/^ {0,3}(?:```|~~~)/m.test(text)) return text;
  let end = "";
  if (count(lastLine, /`/g) % 2) end += "`";
  else {
    const strong = count(lastLine, /\*\*/g) % 2 === 1;
    if (strong) end += /\*\*\s*$/.test(lastLine) ? "" : "**";
  }
  const bare = text.replace(/\*\*\s*$/, (stars) => (count(lastLine, /\*\*/g) % 2 ? "" : stars));
  return (end === "" ? bare : text.trimEnd()) + end;
}

function count(text: string, what: RegExp): number {
  return text.match(what)?.length ?? 0;
}
