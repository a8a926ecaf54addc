import { expect, test } from "vitest";
import { grouped, snippet } from "./group";
import type { Hit } from "./query";

const hit = (document_id: string, chunk_id: string) => ({ document_id, chunk_id }) as Hit;
const shown = (pieces: ReturnType<typeof snippet>) =>
  pieces.map((piece) => (piece.marked ? `[${piece.text}]` : piece.text)).join("");

test("documents come in the order of their best hit", () => {
  const groups = grouped([hit("b", "1"), hit("a", "2"), hit("b", "3")]);
  expect(groups.map((group) => [group.documentId, group.hits.map((one) => one.chunk_id)])).toEqual([
    ["b", ["1", "3"]],
    ["a", ["2"]],
  ]);
});

test("a short text is shown whole, with its marks", () => {
  expect(shown(snippet("the weir is low", [[4, 8]]))).toBe("the [weir] is low");
});

test("a long one begins shortly before its first mark, at a word", () => {
  const text = `${"filler ".repeat(60)}the weir is low ${"and more ".repeat(60)}`;
  const from = text.indexOf("weir");
  const result = shown(snippet(text, [[from, from + 4]], 80));
  expect(result).toMatch(/^… filler .*the \[weir\] is low and .* …$/);
  expect(result.length).toBeLessThan(110);
});

test("marks that overlap or lie outside are left out", () => {
  expect(
    shown(
      snippet("one two", [
        [0, 3],
        [2, 5],
        [4, 99],
      ]),
    ),
  ).toBe("[one] two");
});

test("no marks, no harm", () => {
  expect(shown(snippet("plain", []))).toBe("plain");
});
