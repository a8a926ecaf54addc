import { describe, expect, test } from "vitest";
import { bound, keepable, subject } from "./seen";

const ID = "0198f3a2-7b1c-7e55-9d3e-2a4b6c8d0e1f";

describe("what is kept of a vault", () => {
  test.each([
    "/api/documents",
    `/api/documents/${ID}`,
    `/api/documents/${ID}/text`,
    "/api/folders",
    "/api/tags",
    "/api/conversations",
    `/api/conversations/${ID}`,
    "/api/models",
    "/api/about",
    "/api/usage",
  ])("%s", (path) => expect(keepable(path)).toBe(true));

  test.each([
    "/api/events",
    "/api/auth/refresh",
    "/api/export",
    "/api/keys",
    "/api/admin/people",
    "/api/uploads",
    `/api/documents/${ID}/content`,
    `/api/documents/${ID}/find`,
    `/api/conversations/${ID}/export`,
    "/v1/models",
  ])("never %s", (path) => expect(keepable(path)).toBe(false));
});

test("whose token it is", () => {
  const claims = btoa(JSON.stringify({ sub: ID, name: "~~~???" }));
  const url = claims.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  expect(subject(`Bearer a.${url}.c`)).toBe(ID);
  expect(subject("Bearer dv_0123456789")).toBeNull();
  expect(subject("Bearer a.!.c")).toBeNull();
});

describe("a cache within its bounds", () => {
  function cacheOf(sizes: number[]) {
    const kept = new Map(sizes.map((size, n) => [`/${n}`, size]));
    const cache = {
      keys: async () => [...kept.keys()],
      match: async (key: string) =>
        new Response("", { headers: { "X-Seen-Bytes": String(kept.get(key) ?? 0) } }),
      delete: async (key: string) => kept.delete(key),
    };
    return { kept, cache: cache as unknown as Cache };
  }

  test("drops the oldest of too many", async () => {
    const { kept, cache } = cacheOf([1, 1, 1, 1]);
    await bound(cache, 3, 100);
    expect([...kept.keys()]).toEqual(["/1", "/2", "/3"]);
  });

  test("drops the oldest of too much", async () => {
    const { kept, cache } = cacheOf([40, 40, 40]);
    await bound(cache, 10, 100);
    expect([...kept.keys()]).toEqual(["/1", "/2"]);
  });
});
