import { expect, test } from "vitest";
import { NOTHING, type Selection, type SelectionAction, select } from "./selection";

const order = ["a", "b", "c", "d"];
const after = (...actions: SelectionAction[]): Selection => actions.reduce(select, NOTHING);
const chosen = (...actions: SelectionAction[]) => [...after(...actions).chosen].sort();

test("a range goes from the last click, either way", () => {
  expect(chosen({ do: "only", id: "c" }, { do: "range", id: "a", order })).toEqual(["a", "b", "c"]);
  expect(chosen({ do: "only", id: "b" }, { do: "range", id: "d", order })).toEqual(["b", "c", "d"]);
});

test("a range without a beginning is the one clicked", () => {
  expect(chosen({ do: "range", id: "b", order })).toEqual(["b"]);
});

test("one more, and one less", () => {
  expect(chosen({ do: "only", id: "a" }, { do: "toggle", id: "c" }, { do: "toggle", id: "a" })).toEqual([
    "c",
  ]);
});

test("what left the list is not chosen any more", () => {
  expect(chosen({ do: "all", order }, { do: "keep", order: ["b", "d", "e"] })).toEqual(["b", "d"]);
});

test("nothing changes when all are still there", () => {
  const before = after({ do: "all", order });
  expect(select(before, { do: "keep", order: [...order, "e"] })).toBe(before);
});
