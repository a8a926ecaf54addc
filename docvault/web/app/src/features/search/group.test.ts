import { expect, test } from "vitest";
import { grouped, snippet } from "./group";
import type { Hit } from "./query";

const hit = (document_id: string, chunk_id: string) => ({ document_id, chunk_id }) as Hit;
const SIGNS = { plain: "", best: "=", word: "!", found: "~" };
const shown = (pieces: ReturnType<typeof snippet>) =>
  pieces.map(({ text, kind }) => `${SIGNS[kind]}${text}${SIGNS[kind]}`).join("");
const span = (text: string, words: string, answers = true) => ({
  start: text.indexOf(words),
  end: text.indexOf(words) + words.length,
  answers,
});

test("documents come in the order of their best hit", () => {
  const groups = grouped([hit("b", "1"), hit("a", "2"), hit("b", "3")]);
  expect(groups.map((group) => [group.documentId, group.hits.map((one) => one.chunk_id)])).toEqual([
    ["b", ["1", "3"]],
    ["a", ["2"]],
  ]);
});

test("a short text is shown whole, with its best sentence and the words in it", () => {
  const text = "It rained. The weir is low. So is the lock.";
  const words = [span(text, "weir"), span(text, "lock")];
  expect(shown(snippet(text, 0, span(text, "The weir is low."), words))).toBe(
    "It rained. =The =!weir!= is low.= So is the ~lock~.",
  );
});

test("a sentence that only touches the question is not marked, its words are", () => {
  const text = "It rained. The weir is low.";
  const best = span(text, "The weir is low.", false);
  expect(shown(snippet(text, 0, best, [span(text, "weir")]))).toBe("It rained. The ~weir~ is low.");
});

test("a long one begins with its best sentence", () => {
  const text = `${"Filler words. ".repeat(60)}The weir is low. ${"And more. ".repeat(60)}`;
  const result = shown(snippet(text, 0, span(text, "The weir is low."), [], 80));
  expect(result).toMatch(/^… =The weir is low\.= And more\. .* …$/);
  expect(result.length).toBeLessThan(110);
});

test("what is shown above it is left out, and nothing is said to be missing", () => {
  expect(shown(snippet("Weirs\n\nThe weir is low.", 7, undefined, []))).toBe("The weir is low.");
});

test("rows, entries and paragraphs stay apart", () => {
  expect(shown(snippet("Fees\n\nQuay | Fee\nNorth | 4\n\n- Pay here\n- Keep it", 0, undefined, []))).toBe(
    "Fees\nQuay · Fee\nNorth · 4\n• Pay here\n• Keep it",
  );
});
