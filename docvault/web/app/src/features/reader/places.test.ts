import { expect, test } from "vitest";
import type { PageText } from "./api";
import { hasPlaces, placesOf } from "./places";

const SIZE = { width: 100, height: 100 };
const page: PageText = {
  page: 1,
  text: "one two\nthree",
  places: [
    [0, 7, 10, 10, 80, 20],
    [8, 13, 10, 30, 60, 40],
  ],
};
const edges = (areas: ReturnType<typeof placesOf>) =>
  areas.map(({ left, width, top }) => [left, left + width, top].map((edge) => Math.round(edge * 100)));

test("a word takes its part of its run, with a little room around", () => {
  expect(edges(placesOf(page, { start: 4, end: 7 }, SIZE))).toEqual([[49, 81, 9]]);
});

test("what goes over several lines has an area on each", () => {
  expect(edges(placesOf(page, { start: 4, end: 13 }, SIZE))).toEqual([
    [49, 81, 9],
    [9, 61, 29],
  ]);
});

test("letters that take two units move nothing", () => {
  const smiling = { ...page, text: "😀ne two\nthree" };
  expect(edges(placesOf(smiling, { start: 9, end: 14 }, SIZE))).toEqual([[9, 61, 29]]);
});

test("turned lines and those from right to left are marked whole", () => {
  const turned = { ...page, places: [[0, 7, 10, 10, 20, 80]] };
  expect(edges(placesOf(turned, { start: 4, end: 7 }, SIZE))).toEqual([[9, 21, 9]]);
  const hebrew = { ...page, text: "שלום עולם", places: [[0, 9, 10, 10, 80, 20]] };
  expect(edges(placesOf(hebrew, { start: 0, end: 4 }, SIZE))).toEqual([[9, 81, 9]]);
});

test("pages with words of their own have none", () => {
  expect(hasPlaces({ page: 1, text: "one", places: null })).toBe(false);
  expect(placesOf({ page: 1, text: "one" }, { start: 0, end: 3 }, SIZE)).toEqual([]);
});
