import { expect, test } from "vitest";
import { filtersOf, isNarrowed, partsOf, scopeAt, scopeOf, toggled } from "./scope";

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

test("what was asked about comes back as it was chosen", () => {
  const scope = { folder: "a/b", tags: ["x"], documents: ["1"] };
  expect(scopeOf(filtersOf(scope))).toEqual(scope);
  expect(scopeOf({ folder: null, tags: null, document_ids: null })).toEqual({});
});

test("a conversation goes on about what it was about, until somebody says otherwise", () => {
  const last = { folder: "a" };
  expect(scopeAt({}, last)).toEqual({ folder: "a" });
  expect(isNarrowed(scopeAt({ all: true }, last))).toBe(false);
  expect(filtersOf(scopeAt({ tags: ["x"] }, last))).toEqual({ tags: ["x"] });
});
