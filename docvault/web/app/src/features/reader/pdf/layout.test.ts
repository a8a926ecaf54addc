import { expect, test } from "vitest";
import { heightOf, layOut, mainPage, pageAt, pagesBetween, placeAt } from "./layout";
import { fineness, scaleOf, stepped } from "./zoom";

const pages = layOut([100, 200, 100, 100], 10); // tops 10, 120, 330, 440

test("pages stand under one another", () => {
  expect(pages.tops).toEqual([10, 120, 330, 440]);
  expect(pages.total).toBe(550);
});

test("the page at a height, also before the first and behind the last", () => {
  expect([0, 10, 119, 120, 439, 5000].map((y) => pageAt(pages, y))).toEqual([0, 0, 0, 1, 2, 3]);
});

test("only what is in sight is in the window", () => {
  expect(pagesBetween(pages, 0, 50)).toEqual([0, 0]);
  expect(pagesBetween(pages, 115, 335)).toEqual([1, 2]);
  expect(pagesBetween(layOut([], 10), 0, 100)).toEqual([0, 0]);
  const many = layOut(Array(2000).fill(1000), 12);
  const [first, last] = pagesBetween(many, 1_000_000, 1_001_000);
  expect(last - first).toBeLessThanOrEqual(2);
});

test("the page that fills the window is the current one", () => {
  expect(mainPage(pages, 100, 300)).toBe(1);
  expect(mainPage(pages, 0, 550)).toBe(0);
});

test("a place stays when the pages above it grow", () => {
  const place = placeAt(pages, 220);
  expect(place).toEqual({ index: 1, share: 0.5 });
  expect(heightOf(layOut([300, 400, 100, 100], 10), place)).toBe(520);
});

test("pages fit the room they have", () => {
  const room = { width: 500, height: 400 };
  expect(scaleOf("width", { width: 250, height: 500 }, room)).toBe(2);
  expect(scaleOf("page", { width: 250, height: 500 }, room)).toBe(0.8);
  expect(scaleOf("auto", { width: 100, height: 100 }, { width: 4000, height: 100 })).toBeCloseTo(
    (1.4 * 96) / 72,
  );
  expect(scaleOf(1, { width: 250, height: 500 }, room)).toBeCloseTo(96 / 72);
});

test("zoom goes by steps from wherever it is", () => {
  expect(stepped(1, 1)).toBe(1.1);
  expect(stepped(1.37, -1)).toBe(1.25);
  expect(stepped(5, 1)).toBe(5);
  expect(stepped(0.25, -1)).toBe(0.25);
});

test("no canvas is larger than browsers allow", () => {
  const size = { width: 2000, height: 3000 };
  const fine = fineness(5, size, 3);
  expect(fine * fine * size.width * size.height).toBeLessThanOrEqual(16_777_216.1);
  expect(fineness(1, { width: 600, height: 800 }, 2)).toBe(2);
});
