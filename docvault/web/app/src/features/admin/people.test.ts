import { describe, expect, it } from "vitest";
import { changed, named, type Person, withPerson } from "./people";

const ANNA: Person = {
  id: "a",
  email: "anna@example.org",
  is_admin: false,
  disabled_at: null,
  created_at: "2026-01-01T00:00:00Z",
  last_seen_at: null,
  documents: 0,
  size_bytes: 0,
};

describe("a change of a person, before the server answers", () => {
  const now = new Date("2026-02-03T00:00:00Z");

  it("changes only what is named", () => {
    expect(changed(ANNA, { is_admin: true }, now)).toEqual({ ...ANNA, is_admin: true });
    const disabled = changed(ANNA, { disabled: true }, now);
    expect(disabled).toEqual({ ...ANNA, disabled_at: "2026-02-03T00:00:00.000Z" });
    expect(changed(disabled, { disabled: false }, now)).toEqual(ANNA);
  });

  it("is seen in the page that has the person", () => {
    const ben = { ...ANNA, id: "b" };
    const list = { pages: [{ items: [ben] }, { items: [ANNA] }], pageParams: [null, "x"] };
    const after = withPerson(list, { ...ANNA, is_admin: true });
    expect(after.pages.map((page) => page.items[0]?.is_admin)).toEqual([false, true]);
  });
});

describe("a person is found", () => {
  const ben = { ...ANNA, id: "b", email: "Ben@elsewhere.example" };

  it.each([
    ["", ["a", "b"]],
    [" ANNA ", ["a"]],
    ["elsewhere", ["b"]],
    ["nobody", []],
  ])("by %o", (words, ids) => expect(named([ANNA, ben], words).map(({ id }) => id)).toEqual(ids));
});
