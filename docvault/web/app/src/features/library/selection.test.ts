import { expect, test } from "vitest";
import { NOTHING, type Selection, type SelectionAction, select } from "./selection";

const a = { id: "a", index: 0 };
const after = (...actions: SelectionAction[]): Selection => actions.reduce(select, NOTHING);
const chosen = (...actions: SelectionAction[]) => [...after(...actions).chosen].sort();

test("a range comes to what was chosen before, and the next one begins where it began", () => {
  const ranged = after({ do: "toggle", at: { id: "x", index: 9 } }, { do: "add", ids: ["a", "b"], from: a });
  expect([...ranged.chosen].sort()).toEqual(["a", "b", "x"]);
  expect(ranged.anchor).toEqual(a);
});

test("one more, and one less", () => {
  const one = { do: "toggle", at: a } as const;
  expect(chosen(one, { do: "toggle", at: { id: "c", index: 2 } }, one)).toEqual(["c"]);
});

test("what left the list is not chosen any more", () => {
  const all = { do: "all", ids: ["a", "b", "c", "d"] } as const;
  expect(chosen(all, { do: "keep", ids: new Set(["b", "d", "e"]) })).toEqual(["b", "d"]);
  expect(chosen(all, { do: "lose", ids: new Set(["b", "e"]) })).toEqual(["a", "c", "d"]);
});

test("nothing changes when all are still there", () => {
  const before = after({ do: "all", ids: ["a", "b"] });
  expect(select(before, { do: "keep", ids: new Set(["a", "b", "e"]) })).toBe(before);
  expect(select(before, { do: "lose", ids: new Set(["e"]) })).toBe(before);
});
