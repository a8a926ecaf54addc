import { expect, test } from "vitest";
import { type Block, blocksOf, formOf, reachOf } from "./blocks";
import { cut } from "./marking";

const kinds = (blocks: Block[]) => blocks.map((block) => block.kind);

test("a handbook has headings, running text, a list and a table", () => {
  const text = [
    "Handbook of the Pilots",
    "The harbour of Lindholm was dredged in the spring of 1887\nand has been open to deep ships ever since.",
    "Flags",
    "- A yellow flag asks for a pilot.\n- A blue flag says\n  that one is aboard.",
    "Flag | Meaning\nYellow | Pilot wanted",
  ].join("\n\n");
  const blocks = blocksOf(text, "prose", "Handbook of the Pilots");
  expect(kinds(blocks)).toEqual(["heading", "text", "heading", "list", "table"]);
  expect(blocks[0]).toMatchObject({ level: 1 });
  expect(blocks[1]).toMatchObject({ flows: true });
  const list = blocks[3] as Extract<Block, { kind: "list" }>;
  expect(list.items.map((item) => text.slice(item.span.start, item.span.end))).toEqual([
    "A yellow flag asks for a pilot.",
    "A blue flag says\n  that one is aboard.",
  ]);
  const table = blocks[4] as Extract<Block, { kind: "table" }>;
  expect(table.rows.map((row) => row.map((cell) => text.slice(cell.start, cell.end)))).toEqual([
    ["Flag", "Meaning"],
    ["Yellow", "Pilot wanted"],
  ]);
});

test("rows without all their cells still belong to the table", () => {
  const [table] = blocksOf("name | tons | remark\nBoreas | 120\nCeres", "prose");
  expect(table?.kind).toBe("table");
});

test("the head of a letter is read as its fields", () => {
  const text =
    "Damage\n\nFrom: Ada <ada@harbour.example>\nTo: board@harbour.example\n\nThe gale moved nine stones.";
  expect(kinds(blocksOf(text, "prose"))).toEqual(["heading", "fields", "text"]);
});

test("sentences are no headings, and neither is the last line", () => {
  expect(kinds(blocksOf("High water at four.\n\nRead on\n\nThe end", "prose"))).toEqual([
    "text",
    "heading",
    "text",
  ]);
});

test("verses keep their lines", () => {
  expect(blocksOf("The tide\nis low,\nmy love", "prose")).toMatchObject([{ kind: "text", flows: false }]);
});

test("long tables, long lines and long paragraphs come in pieces that leave nothing out", () => {
  const rows = Array.from({ length: 500 }, (_, row) => `${row} | value`).join("\n");
  expect(blocksOf(rows, "prose").length).toBeGreaterThan(5);
  const text = "A sentence of some words that ends. ".repeat(900);
  const pieces = blocksOf(text, "prose").map(reachOf);
  expect(pieces.length).toBeGreaterThan(3);
  expect(pieces.map((span) => text.slice(span.start, span.end)).join("")).toBe(text.trimEnd());
  const log = "2024-01-01 10:00:00 started\n".repeat(400);
  const parts = blocksOf(log, "lines").map(reachOf);
  expect(parts.length).toBe(5);
  expect(parts.map((span) => log.slice(span.start, span.end)).join("")).toBe(log);
});

test("logs and programs keep their columns", () => {
  expect(formOf("a.txt", "text/plain", "2024-01-01 10:00 a\n2024-01-01 10:01 b\n2024-01-02 c")).toBe("lines");
  expect(formOf("a.py", "text/plain", "")).toBe("lines");
  expect(formOf("a.txt", "text/plain", "Once upon a time")).toBe("prose");
});

test("marks cut the text, the current hit on top", () => {
  const text = "High water at four";
  const pieces = cut(text, { start: 0, end: 18 }, [
    { start: 5, end: 18, kind: "cited" },
    { start: 5, end: 10, kind: "current" },
    { start: 14, end: 40, kind: "found" },
  ]);
  expect(pieces.map((piece) => [piece.text, piece.kind])).toEqual([
    ["High ", null],
    ["water", "current"],
    [" at ", "cited"],
    ["four", "found"],
  ]);
  expect(cut(text, { start: 0, end: 4 }, [])).toEqual([{ start: 0, text: "High", kind: null }]);
});
