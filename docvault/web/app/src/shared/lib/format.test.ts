// @vitest-environment jsdom
import { expect, test } from "vitest";
import { bytes, span } from "./format";

test("sizes as people read them", () => {
  document.documentElement.lang = "en";
  expect([1, 13, 999, 1400, 2_000_000, 107e9].map(bytes)).toEqual([
    "1 byte",
    "13 bytes",
    "999 bytes",
    "1.4 kB",
    "2 MB",
    "107 GB",
  ]);
});

test("spans are rounded to what matters", () => {
  expect([0.2, 59, 90, 5400].map(span)).toEqual(["1 sec", "59 sec", "2 min", "1.5 hr"]);
});
