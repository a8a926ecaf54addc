import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { queryClient } from "@/shared/api/query";
import { signedIn, type User } from "@/shared/api/session";
import { keys } from "@/shared/vault/keys";
import { PAGE, showDocuments } from "@/shared/vault/lists";
import type { DocumentView } from "@/shared/vault/types";
import { forgetFarPages, idsBetween, listKey, pageQuery, pagesAround } from "./list";
import { inSight } from "./useRowWindow";

const id = (n: number) => `d${n}`;
const asked: URL[] = [];

beforeEach(() => {
  vi.stubGlobal("localStorage", {
    getItem: () => null,
    setItem: () => undefined,
    removeItem: () => undefined,
  });
  queryClient.clear();
  asked.length = 0;
  signedIn({ access_token: "token", token_type: "bearer", expires_in: 900, user: { id: "me" } as User });
  vi.stubGlobal("fetch", async (request: Request) => {
    const url = new URL(request.url);
    asked.push(url);
    const [offset, limit] = ["offset", "limit"].map((name) => Number(url.searchParams.get(name)));
    const count = Math.max(0, Math.min(limit ?? 0, 25_000 - (offset ?? 0)));
    const ids = Array.from({ length: count }, (_, n) => id((offset ?? 0) + n));
    const total = url.searchParams.get("count") === "true" ? 25_000 : null;
    return Response.json({ ids, items: ids.map((id) => ({ id })), total });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function put(number: number, { total = 25_000, updatedAt = Date.now() } = {}) {
  const items = Array.from({ length: PAGE }, (_, n) => ({ id: id(number * PAGE + n) }));
  queryClient.setQueryData(keys.documentPage({ sort: "filename" }, number), { items, total }, { updatedAt });
}

const place = { sort: "filename" } as const;

test("around what is in sight, and a little further", () => {
  expect(pagesAround(0, 20, 100_000)).toEqual([0]);
  expect(pagesAround(30, 65, 100_000)).toEqual([0, 1]);
  expect(pagesAround(50_020, 50_040, 100_000)).toEqual([499, 500]);
  expect(pagesAround(99_980, 99_999, 100_000)).toEqual([999]);
  expect(pagesAround(500, 520, 120)).toEqual([1]); // it became shorter
  expect(pagesAround(0, 0, 0)).toEqual([0]);
});

test("lines in sight", () => {
  expect(inSight(0, 440, 100, 44)).toEqual({ first: 0, last: 9 });
  expect(inSight(-50, 440, 100, 44)).toEqual({ first: 0, last: 8 });
  expect(inSight(45, 440, 100, 44)).toEqual({ first: 1, last: 11 });
  expect(inSight(9000, 440, 100, 44)).toEqual({ first: 99, last: 99 });
  expect(inSight(0, 440, 0, 44)).toEqual({ first: 0, last: 0 });
});

test("the whole list is counted at first and when it is asked for again, not with every page", async () => {
  const counted = () => asked.map((url) => url.searchParams.get("count"));
  await queryClient.fetchQuery(pageQuery(place, 0));
  const further = await queryClient.fetchQuery(pageQuery(place, 100));
  expect(further.total).toBe(25_000);
  expect(further.items[0]?.id).toBe("d10000");
  expect(counted()).toEqual(["true", "false"]);
  await queryClient.fetchQuery({ ...pageQuery(place, 100), staleTime: 0 });
  expect(counted()).toEqual(["true", "false", "true"]);
});

test("what is heard of a document while its list is asked for is newer than the answer", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  put(0);
  showDocuments([{ id: id(4), status: "failed" } as DocumentView]); // before: the answer is newer
  vi.advanceTimersByTime(1);
  const asking = queryClient.fetchQuery({ ...pageQuery(place, 0), staleTime: 0 });
  showDocuments([{ id: id(3), status: "ready" } as DocumentView]);
  const { items } = await asking;
  expect(items.slice(3, 5).map(({ status }) => status)).toEqual(["ready", undefined]);
});

test("ids that are known are not asked for", async () => {
  put(0);
  put(1);
  expect(await idsBetween(place, 98, 101)).toEqual([98, 99, 100, 101].map(id));
  expect(asked).toEqual([]);
});

test("a range over places nobody looked at is asked for, as the list is", async () => {
  put(0);
  put(5);
  expect(await idsBetween(place, 90, 510)).toEqual(Array.from({ length: 421 }, (_, n) => id(90 + n)));
  expect(
    asked.map((url) => [url.pathname, url.searchParams.get("sort"), url.searchParams.get("direct")]),
  ).toEqual([["/api/documents/ids", "filename", "true"]]);
});

test("known ids that may be wrong by now are asked for", async () => {
  put(0);
  await queryClient.invalidateQueries({ queryKey: listKey(place) });
  await idsBetween(place, 0, 10);
  expect(asked).toHaveLength(1);
});

test("an event about a document of an old page brings back no old length and no old places", async () => {
  put(0, { total: 700, updatedAt: Date.now() - 20_000 });
  await queryClient.invalidateQueries({ queryKey: listKey(place) });
  put(5, { total: 730, updatedAt: Date.now() - 10_000 });
  showDocuments([{ id: id(3), status: "ready" } as DocumentView]);
  const further = await queryClient.fetchQuery(pageQuery(place, 6));
  expect(further.total).toBe(730);
  asked.length = 0;
  await idsBetween(place, 0, 10);
  expect(asked).toHaveLength(1);
});

test("all of a long list in few answers, and it may have become shorter", async () => {
  expect(await idsBetween(place, 0, 99_999)).toHaveLength(25_000);
  expect(asked.map((url) => url.searchParams.get("offset"))).toEqual(["0", "10000", "20000"]);
});

test("pages far away are forgotten", () => {
  for (let number = 0; number < 40; number += 1) put(number);
  forgetFarPages(listKey(place), [30]);
  const left = queryClient.getQueriesData({ queryKey: listKey(place) }).map(([key]) => Number(key.at(-1)));
  expect(left.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => 20 + n));
});
