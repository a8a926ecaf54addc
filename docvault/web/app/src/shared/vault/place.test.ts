import { expect, test } from "vitest";
import { boxesOf, boxesText, libraryPlace, readerPlace } from "./place";

test("what an address cannot mean is left out", () => {
  expect(libraryPlace({ sort: "sideways", status: "failed", tags: "one", q: 2024, trash: "yes" })).toEqual({
    status: "failed",
    tags: ["one"],
    q: "2024",
  });
});

test("pages are whole numbers", () => {
  expect(readerPlace({ page: "3", start: 0, end: -1 })).toEqual({ page: 3, start: 0 });
});

test("boxes survive the address", () => {
  expect(boxesOf(boxesText([[72, 88.14, 300, 99.5]]))).toEqual([[72, 88.1, 300, 99.5]]);
  expect(boxesOf("1,2,3;a,b,c,d")).toEqual([]);
});
