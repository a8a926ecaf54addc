import { describe, expect, it } from "vitest";
import { endOf, example } from "./api-keys";

describe("endOf", () => {
  it("is so many days from now, or never", () => {
    const now = new Date("2026-01-01T12:00:00Z");
    expect(endOf("30", now)).toBe("2026-01-31T12:00:00.000Z");
    expect(endOf("never", now)).toBeNull();
  });
});

describe("example", () => {
  it("does what the key may", () => {
    const of = (...scopes: string[]) => example("https://vault.example", "dv_x", scopes);
    expect(of("documents:write", "search")).toContain("/api/search");
    expect(of("chat", "documents:read")).toContain("curl -sN https://vault.example/api/chat");
    expect(of("documents:read", "documents:write")).toBe(
      'curl -s "https://vault.example/api/documents?limit=5" -H "Authorization: Bearer dv_x"',
    );
    expect(of("documents:write")).toContain("-F file=@");
  });
});
