import { expect, test } from "vitest";
import { filtersOf, isNarrowed, partsOf, toggled } from "./scope";

test("an empty scope narrows nothing", () => {
  expect(filtersOf({})).toEqual({});
  expect(isNarrowed({ tags: [] })).toBe(false);
});

test("what is chosen is sent under the server's names", () => {
  expect(filtersOf({ folder: "a/b", tags: ["x"], documents: ["1", "2"] })).toEqual({
    folder: "a/b",
    tags: ["x"],
    document_ids: ["1", "2"],
  });
});

test("choosing twice takes away again, and another folder takes the place of the first", () => {
  const tagged = toggled({ folder: "a" }, { kind: "tag", value: "x" });
  expect(partsOf(tagged).map((part) => part.kind)).toEqual(["folder", "tag"]);
  expect(toggled(tagged, { kind: "tag", value: "x" })).toEqual({ folder: "a", tags: undefined });
  expect(toggled(tagged, { kind: "folder", value: "b" }).folder).toBe("b");
  expect(toggled(tagged, { kind: "folder", value: "a" }).folder).toBeUndefined();
});
