import { beforeEach, expect, test, vi } from "vitest";
import { queryClient } from "@/shared/api/query";
import { keys } from "./keys";
import { type DocumentPage, knownDocuments, onLeft, PAGE, showDocuments, takeOut, without } from "./lists";
import { dropDocuments } from "./live";
import type { DocumentView } from "./types";

const document = (n: number, rest: Partial<DocumentView> = {}) =>
  ({ id: `d${n}`, status: "ready", folder: "", tags: [], trashed_at: null, ...rest }) as DocumentView;
const page = (number: number, total: number): DocumentPage => ({
  items: Array.from({ length: Math.min(PAGE, total - number * PAGE) }, (_, n) => document(number * PAGE + n)),
  total,
});
const put = (filter: object, number: number, total: number) =>
  queryClient.setQueryData(keys.documentPage(filter, number), page(number, total));
const ids = (filter: object, number: number) =>
  queryClient.getQueryData<DocumentPage>(keys.documentPage(filter, number))?.items.map(({ id }) => id);

beforeEach(() => queryClient.clear());

test("what follows moves up, over the border of pages", () => {
  const after = without(
    [0, 1, 2].map((n) => [n, page(n, 250)] as const),
    new Set(["d3", "d150"]),
  );
  expect(after.get(0)?.items.at(-1)?.id).toBe("d100");
  expect(after.get(1)?.items.map(({ id }) => id)).not.toContain("d150");
  expect(after.get(1)?.items[0]?.id).toBe("d101");
  expect([0, 1, 2].map((n) => after.get(n)?.items.length)).toEqual([100, 100, 48]);
  expect(after.get(2)?.total).toBe(248);
});

test("where the next page is not known, the end of one is missing", () => {
  const after = without(
    [0, 7].map((n) => [n, page(n, 1000)] as const),
    new Set(["d5"]),
  );
  expect([0, 7].map((n) => after.get(n)?.items.length)).toEqual([99, 99]);
  expect(after.get(7)?.items[0]?.id).toBe("d701");
});

test("a gap is told of, and nothing where a list ends", () => {
  put({}, 0, 250);
  put({ folder: "a" }, 0, 30);
  expect(takeOut(["d1"], (filter) => filter.folder === "a")).toBe(false);
  expect(ids({ folder: "a" }, 0)).toHaveLength(29);
  expect(ids({}, 0)).toHaveLength(100);
  expect(takeOut(["d1"], () => true)).toBe(true);
  expect(takeOut(["elsewhere"], () => true)).toBe(false);
});

test("who chose something in a list hears what left it", () => {
  put({ q: "x" }, 0, 10);
  const heard: unknown[] = [];
  const stop = onLeft((gone, filter) => heard.push([[...gone], filter]));
  takeOut(["d1"], () => true);
  stop();
  takeOut(["d2"], () => true);
  expect(heard).toEqual([[["d1"], { q: "x" }]]);
});

test("a document is shown as it is in every list, and those without a place are named", () => {
  put({}, 0, 10);
  put({ status: "ready" }, 0, 10);
  put({ folder: "a" }, 0, 10); // wrong by now
  const before = queryClient.getQueryData(keys.documentPage({ q: "none" }, 0));
  const failed = document(3, { status: "failed" });
  const stray = document(99);
  expect(showDocuments([document(4)]).map(({ id }) => id)).toEqual(["d4"]); // not in the folder
  const homeless = showDocuments([failed, stray]);
  expect(homeless.map(({ id }) => id)).toEqual(["d99", "d3", "d3"]);
  expect(knownDocuments(["d99", "nobody", "d3"])).toEqual([stray, failed]);
  expect(queryClient.getQueryData(keys.documentPage({ q: "none" }, 0))).toBe(before);
});

test("however many documents are asked about, what is kept is gone through once", () => {
  for (let number = 0; number < 20; number += 1) put({}, number, 2000);
  const cache = vi.spyOn(queryClient.getQueryCache(), "findAll");
  const known = knownDocuments(Array.from({ length: 100_000 }, (_, n) => `d${99_999 - n}`));
  expect(known).toHaveLength(2000);
  expect(known[0]?.id).toBe("d1999");
  dropDocuments(known.map(({ id }) => id));
  expect(cache.mock.calls.length).toBeLessThan(10);
  cache.mockRestore();
  expect(knownDocuments(["d3"])).toEqual([]);
});

test("a page in which nothing differs stays the very same", () => {
  put({}, 0, 10);
  const before = queryClient.getQueryData(keys.documentPage({}, 0));
  showDocuments([document(2)]);
  expect(queryClient.getQueryData(keys.documentPage({}, 0))).toBe(before);
});

test("in the trash is elsewhere", () => {
  put({}, 0, 10);
  expect(showDocuments([document(2, { trashed_at: "2026-01-01T00:00:00Z" })])).toHaveLength(1);
});

test("what is heard of one document makes a page no newer and no more certain", async () => {
  const updatedAt = Date.now() - 20_000;
  for (const number of [0, 1])
    queryClient.setQueryData(keys.documentPage({}, number), page(number, 250), { updatedAt });
  await queryClient.invalidateQueries({ queryKey: keys.documentPage({}, 0) });
  const states = () => [0, 1].map((number) => queryClient.getQueryState(keys.documentPage({}, number)));
  const before = states();
  showDocuments([document(3, { status: "failed" }), document(103, { status: "failed" })]);
  takeOut(["d4"], () => true);
  expect(ids({}, 0)).not.toContain("d4");
  for (const [number, state] of states().entries()) {
    expect(state?.data).not.toBe(before[number]?.data);
    expect([state?.dataUpdatedAt, state?.isInvalidated]).toEqual([updatedAt, number === 0]);
  }
});
