/**
 * Markdown in blocks that can be rendered each for itself. While an answer is written only its last block changes, so
 * nothing above it is parsed or drawn again.
 */
const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;
const ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;
const INDENTED = /^(?: {2,}|\t)\S/;
const DEFINITION = /^ {0,3}\[[^\]]+\]:\s/m;
const CODE = /^(`{3,}|~{3,})[ \t]*([^\s`]*)[^\n]*(?:\n|$)/;

const LONG_LIST = 1500; // characters, behind which a list that is still written is cut between its items

/**
 * Joined again they are the text. Nothing is cut inside code or a table, nor inside a list that is whole. What is
 * defined at the end and used above is seen when nothing more is written.
 */
export function blocks(text: string, writing = false): string[] {
  if (!writing && DEFINITION.test(text)) return text === "" ? [] : [text];
  const found: string[] = [];
  let block = "";
  let fence: string | null = null;
  let list = false;
  let over = false; // what comes next may begin a block
  for (const line of text.split(/(?<=\n)/)) {
    if (fence === null && block !== "" && begins(line, block, over, list, writing)) {
      found.push(block);
      block = "";
      list = false;
    }
    if (block === "" || (fence === null && ITEM.test(line))) list ||= ITEM.test(line);
    const before = fence;
    fence = afterLine(fence, line);
    const closed = before !== null && fence === null && !list;
    over = closed || (fence === null && line.trim() === "" && block.trim() !== "");
    block += line;
  }
  return block === "" ? found : [...found, block];
}

function begins(line: string, block: string, over: boolean, list: boolean, writing: boolean): boolean {
  if (line.trim() === "") return false;
  if (line[0] !== " " && FENCE.test(line)) return block.trim() !== "";
  if (over) return !(list && continuesList(line));
  return writing && list && block.length > LONG_LIST && line[0] !== " " && ITEM.test(line);
}

function continuesList(line: string): boolean {
  return ITEM.test(line) || INDENTED.test(line);
}

/** The fence that is open behind the line. */
function afterLine(fence: string | null, line: string): string | null {
  const mark = FENCE.exec(line.trimEnd())?.[1];
  if (mark === undefined) return fence;
  if (fence === null) return mark;
  return closes(line, fence) ? null : fence;
}

function closes(line: string, fence: string): boolean {
  const mark = line.trim();
  return mark.length >= fence.length && [...mark].every((one) => one === fence[0]);
}

/** What stands in a block that is nothing but code between fences, closed or not yet. */
export function codeOf(block: string): { language: string; code: string } | null {
  const [opening, fence = "", language = ""] = CODE.exec(block) ?? [];
  if (opening === undefined || !FENCE.test(opening.trimEnd())) return null;
  const lines = block.slice(opening.length).trimEnd().split("\n");
  if (closes(lines.at(-1) ?? "", fence)) lines.pop();
  return { language, code: lines.join("\n") };
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
