import { expect, test } from "vitest";
import { blocksOf } from "./blocks";
import { chunkOf, itemAt, itemsOf, pagesOf } from "./items";

const text = (page: number, words: string) => [page, { page, text: words }] as const;

test("pages are asked for by twenty", () => {
  expect(chunkOf(1)).toBe(0);
  expect(chunkOf(20)).toBe(0);
  expect(chunkOf(21)).toBe(1);
  expect(pagesOf(1)).toEqual([21, 40]);
});

test("what is not there yet waits, what is empty says so, one page needs no number", () => {
  const pages = new Map([text(1, "Tides\n\nHigh water at four."), text(2, " ")]);
  const items = itemsOf(3, pages, (page) => blocksOf(page.text, "prose"));
  expect(items.map((item) => item.kind)).toEqual([
    "page",
    "block",
    "block",
    "page",
    "empty",
    "page",
    "waiting",
  ]);
  expect(itemsOf(1, pages, (page) => blocksOf(page.text, "prose")).map((item) => item.kind)).toEqual([
    "block",
    "block",
  ]);
});

test("an offset is found in its piece", () => {
  const pages = new Map([text(1, "One."), text(2, "Tides\n\nHigh water at four.")]);
  const items = itemsOf(2, pages, (page) => blocksOf(page.text, "prose"));
  expect(itemAt(items, 2, 0)).toBe(3);
  expect(itemAt(items, 2, 9)).toBe(4);
  expect(itemAt(items, 2, undefined)).toBe(2);
  expect(itemAt(items, 7, 3)).toBe(0);
});
