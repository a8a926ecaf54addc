/** The list of documents of a place: as long as all of it, and known where somebody looked. */
import { type QueryKey, queryOptions, useQueries } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { api, body } from "@/shared/api/client";
import { queryClient } from "@/shared/api/query";
import { prepareFormats } from "@/shared/lib/format";
import { keys } from "@/shared/vault/keys";
import { isKind, TYPES } from "@/shared/vault/kind";
import { type DocumentPage, keptPages, newest, PAGE, pageOf } from "@/shared/vault/lists";
import { type LibraryPlace, SORTS } from "@/shared/vault/place";
import type { DocumentView } from "@/shared/vault/types";
import { useCalm } from "./useCalm";

const EARLY = 40; // documents before the end of a page at which the next one is asked for
const KEPT_PAGES = 20; // of one list; those farthest from what is in sight are forgotten
const AT_ONCE = 10_000; // ids of one answer, as many as the API gives
export const KEPT_SORT = "docvault.library.sort";

/** Whether the place is narrower than a folder: then what is below it counts too. */
export function isFiltered(place: LibraryPlace): boolean {
  return Boolean(place.q || place.status || place.type || place.tags?.length);
}

/** In the order that was chosen last, where the address says none. */
export function sorted(place: LibraryPlace): LibraryPlace {
  return { ...place, sort: place.sort ?? SORTS.find((one) => one === localStorage.getItem(KEPT_SORT)) };
}

export function listKey(place: LibraryPlace): QueryKey {
  return keys.documentList(filterOf(place));
}

function filterOf({ view: _view, ...asked }: LibraryPlace): object {
  return asked;
}

function asked(place: LibraryPlace) {
  return {
    folder: place.folder,
    direct: !isFiltered(place) && !place.trash,
    tag: place.tags,
    status: place.status,
    content_type: isKind(place.type) ? TYPES[place.type] : undefined,
    q: place.q,
    sort: place.sort ?? ("-created_at" as const),
    trashed: place.trash ?? false,
  };
}

export function pageQuery(place: LibraryPlace, page: number) {
  return queryOptions({
    queryKey: keys.documentPage(filterOf(place), page),
    queryFn: async ({ signal, queryKey }): Promise<DocumentPage> => {
      const began = Date.now();
      const heard = () => totalOf(listKey(place));
      // Who scrolls on need not have the whole list counted with every page; who asks again wants to know.
      const count = heard() === undefined || queryClient.getQueryData(queryKey) !== undefined;
      const query = { ...asked(place), offset: page * PAGE, limit: PAGE, count };
      const { items: said, total } = await body(api.GET("/api/documents", { params: { query }, signal }));
      const items = said.map((document) => newest(document, began));
      return { items, total: total ?? heard() ?? page * PAGE + items.length };
    },
  });
}

/** Pages that documents `first` to `last` of the list are on, and those that will be looked at next. */
export function pagesAround(first: number, last: number, total: number): number[] {
  const end = Math.max(0, Math.ceil(total / PAGE) - 1);
  const page = (at: number) => Math.min(Math.max(0, Math.floor(at / PAGE)), end);
  const from = page(first - EARLY);
  return Array.from({ length: page(last + EARLY) - from + 1 }, (_, n) => from + n);
}

/** Asks for the beginning of a list that is about to be shown. */
export function fetchFirstPage(place: LibraryPlace): void {
  prepareFormats();
  void queryClient.prefetchQuery(pageQuery(sorted(place), 0));
}

export type Listing = {
  /** Undefined until it is known. */
  total: number | undefined;
  /** The document at this place; undefined where nobody looked yet. */
  at: (index: number) => DocumentView | undefined;
  /** Those in sight, in order. */
  documents: readonly DocumentView[];
};

/** `first` and `last` document in sight: what is around them is asked for. */
export function useListing(place: LibraryPlace, { first, last }: { first: number; last: number }) {
  const key = useSame(listKey(place));
  const total = totalOf(key);
  const wanted = useCalm(pagesAround(first, last, total ?? 1).join());
  const pages = useMemo(() => wanted.split(",").map(Number), [wanted]);
  const results = useQueries({ queries: pages.map((page) => pageQuery(place, page)) });
  const found = useSame(results.map((result) => result.data));
  const listing = useMemo((): Listing => {
    const inSight = new Map(pages.map((page, at) => [page, found[at]]));
    return {
      total: totalOf(key),
      at: (index) => inSight.get(Math.floor(index / PAGE))?.items[index % PAGE],
      documents: found.flatMap((page) => page?.items ?? []),
    };
  }, [found, pages, key]);
  useEffect(() => forgetFarPages(key, pages), [key, pages]);
  const failed = results.find((result) => result.error);
  return { listing, error: failed?.error, retry: () => void failed?.refetch() };
}

/** The very one as before when all in it are. */
function useSame<T extends readonly unknown[]>(now: T): T {
  const before = useRef(now);
  const same = before.current.length === now.length && now.every((one, at) => one === before.current[at]);
  if (!same) before.current = now;
  return before.current;
}

/** As the page said that was heard of last. */
function totalOf(key: QueryKey): number | undefined {
  const pages = queryClient.getQueryCache().findAll({ queryKey: key });
  const heard = pages.filter(({ state }) => state.data !== undefined);
  heard.sort((a, b) => b.state.dataUpdatedAt - a.state.dataUpdatedAt);
  return (heard[0]?.state.data as DocumentPage | undefined)?.total;
}

/** Keeps a long walk through a list from filling the memory. */
export function forgetFarPages(key: QueryKey, pages: readonly number[]): void {
  const cache = queryClient.getQueryCache();
  const idle = cache.findAll({ queryKey: key, type: "inactive" });
  if (idle.length <= KEPT_PAGES) return;
  const distance = (of: QueryKey) => Math.abs(pageOf(of) - (pages[0] ?? 0));
  idle.sort((a, b) => distance(a.queryKey) - distance(b.queryKey));
  for (const query of idle.slice(KEPT_PAGES)) cache.remove(query);
}

/** The ids of documents `first` to `last` of the list: known ones, or as the server has them. */
export async function idsBetween(place: LibraryPlace, first: number, last: number): Promise<string[]> {
  return knownIds(place, first, last) ?? (await askedIds(place, first, last));
}

function knownIds(place: LibraryPlace, first: number, last: number): string[] | null {
  const key = listKey(place);
  const ids: string[] = [];
  const pages = new Map(keptPages(key).map(([pageKey, page]) => [pageOf(pageKey), page]));
  const isStale = (page: number) => queryClient.getQueryState([...key, page])?.isInvalidated;
  for (let at = first; at <= last; at += 1) {
    const number = Math.floor(at / PAGE);
    const id = pages.get(number)?.items[at % PAGE]?.id;
    if (id === undefined || isStale(number)) return null;
    ids.push(id);
  }
  return ids;
}

async function askedIds(place: LibraryPlace, first: number, last: number): Promise<string[]> {
  const ids: string[] = [];
  for (let offset = first; offset <= last; offset += AT_ONCE) {
    const query = { ...asked(place), offset, limit: Math.min(AT_ONCE, last - offset + 1) };
    const some = await body(api.GET("/api/documents/ids", { params: { query } }));
    ids.push(...some.ids);
    if (some.ids.length < query.limit) break;
  }
  return ids;
}
