/**
 * `[2]` in an answer belongs to a citation: the server sends the citation right after its marker, so the third `[2]` of
 * a text is the third citation with marker 2. A marker without one is no marker but text.
 *
 * What belongs is taken out of Markdown's hands first (`[2](x)` must not become a link), and becomes a chip afterwards.
 */
import type { Citation } from "../types";

const OPEN = "\uE000"; // of Unicode's private use
const CLOSE = "\uE001";
const MARKER = /\[(\d{1,3})\]/g;
const HELD = new RegExp(`${OPEN}(\\d+)${CLOSE}`, "g");

/** The text with `OPEN n CLOSE` for each marker, `n` its citation's place in `citations`. */
export function held(text: string, citations: readonly Citation[]): string {
  const waiting = new Map<number, number[]>();
  citations.forEach(({ marker }, at) => {
    waiting.set(marker, [...(waiting.get(marker) ?? []), at]);
  });
  const own = text.replaceAll(OPEN, "").replaceAll(CLOSE, "");
  return own.replace(MARKER, (whole, number: string) => {
    const at = waiting.get(Number(number))?.shift();
    return at === undefined ? whole : `${OPEN}${at}${CLOSE}`;
  });
}

export type Piece = string | { citation: number };

/** Text and the citations in it, in their order. */
export function pieces(text: string): Piece[] {
  return text
    .split(HELD)
    .map((part, n) => (n % 2 ? { citation: Number(part) } : part))
    .filter((piece) => piece !== "");
}

/** Code shows what was written. */
export function released(text: string, citations: readonly Citation[]): string {
  return text.replace(HELD, (_, at: string) => `[${citations[Number(at)]?.marker ?? ""}]`);
}

type Node = { type: string; value?: string; children?: Node[]; data?: object };

/** For remark: every held marker in the text becomes a `cite` that names its citation. */
export function remarkCitations() {
  return (tree: Node): void => walk(tree);
}

function walk(node: Node): void {
  if (!node.children) return;
  node.children = node.children.flatMap((child) => {
    if (child.type === "text" && child.value?.includes(OPEN)) return pieces(child.value).map(nodeOf);
    walk(child);
    return [child];
  });
}

function nodeOf(piece: Piece): Node {
  if (typeof piece === "string") return { type: "text", value: piece };
  return {
    type: "citation",
    children: [],
    data: { hName: "cite", hProperties: { dataCitation: String(piece.citation) } },
  };
}
