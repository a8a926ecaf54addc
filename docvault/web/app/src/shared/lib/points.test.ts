import { expect, test } from "vitest";
import { unitOffsets } from "./points";

test("plain text counts alike", () => {
  expect(unitOffsets("weir")(3)).toBe(3);
});

test("what takes two units is counted once", () => {
  const at = unitOffsets("a😀b");
  expect([0, 1, 2, 3, 9].map(at)).toEqual([0, 1, 3, 4, 4]);
});
