import { describe, expect, it } from "vitest";
import { toTakeOver } from "./preferences";

const ANNA = "anna";

describe("toTakeOver", () => {
  it("takes over what was chosen elsewhere, on a browser that never saw the account", () => {
    expect(toTakeOver(ANNA, { theme: "dark", language: "de" }, null)).toEqual({
      theme: "dark",
      language: "de",
    });
  });

  it("leaves a browser's own choice alone where the account has none", () => {
    expect(toTakeOver(ANNA, { theme: "system", language: null }, null)).toEqual({});
  });

  it("leaves it alone as long as the account says the same as before", () => {
    const before = { person: ANNA, theme: "dark" as const, language: null };
    expect(toTakeOver(ANNA, { theme: "dark", language: null }, before)).toEqual({});
  });

  it("takes over only what has changed elsewhere", () => {
    const before = { person: ANNA, theme: "dark" as const, language: "en" };
    expect(toTakeOver(ANNA, { theme: "system", language: "en" }, before)).toEqual({ theme: "system" });
  });

  it("gives the next person of a browser their own looks", () => {
    const before = { person: "ben", theme: "dark" as const, language: "de" };
    expect(toTakeOver(ANNA, { theme: "system", language: null }, before)).toEqual({
      theme: "system",
      language: null,
    });
  });
});
