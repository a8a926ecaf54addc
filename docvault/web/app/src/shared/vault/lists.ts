/**
 * The lists of documents that are kept, in pages of `PAGE`. Each page is a query of its own, so that any part of a list
 * can be looked at, and only what is in sight is asked for again. A page that something was taken out of is short until
 * it is.
 */
import { hashKey, type QueryKey, replaceEqualDeep } from "@tanstack/react-query";
import { queryClient } from "@/shared/api/query";
import { keys } from "./keys";
import type { LibraryPlace } from "./place";
import type { DocumentView } from "./types";

export const PAGE = 100; // documents
export type DocumentPage = { items: readonly DocumentView[] /** Of the whole list. */; total: number };
export type Kept = [key: QueryKey, page: DocumentPage];
/** What a list asks for: its part of the key. */
export type ListFilter = LibraryPlace;

const FILTER = keys.documentLists.length;

export function keptPages(queryKey: QueryKey = keys.documentLists): Kept[] {
  const pages = queryClient.getQueriesData<DocumentPage>({ queryKey });
  return pages.filter((entry): entry is Kept => entry[1] !== undefined);
}

/** Of these documents those that were seen, in a list or by themselves: in their order, each as it was seen last. */
export function knownDocuments(ids: readonly string[]): DocumentView[] {
  const asked = new Set(ids); // there may be very many: what is kept is gone through once for all of them
  const known = new Map<string, DocumentView>();
  const note = (one: DocumentView | undefined) => one && asked.has(one.id) && known.set(one.id, one);
  for (const [, one] of queryClient.getQueriesData<DocumentView>({ queryKey: keys.eachDocument })) note(one);
  for (const [, page] of keptPages()) page.items.forEach(note);
  return ids.flatMap((id) => known.get(id) ?? []);
}

/** A document as an answer has it that was asked for at `began` (milliseconds), or as it was heard of since then. */
export function newest(said: DocumentView, began: number): DocumentView {
  const known = queryClient.getQueryState<DocumentView>(keys.document(said.id));
  return known?.data && known.dataUpdatedAt >= began ? known.data : said;
}

/** Shows documents as they are, wherever they are. Those that no list has, and those that are in a wrong one. */
export function showDocuments(documents: readonly DocumentView[]): DocumentView[] {
  for (const document of documents) queryClient.setQueryData(keys.document(document.id), document);
  const fresh = new Map(documents.map((document) => [document.id, document]));
  const homeless = new Map(fresh);
  const wrong: DocumentView[] = [];
  for (const [key, page] of keptPages()) {
    const items = page.items.map((item) => {
      const now = fresh.get(item.id);
      if (!now) return item;
      homeless.delete(item.id);
      if (!passes(now, filterOf(key))) wrong.push(now);
      return replaceEqualDeep(item, now);
    });
    if (items.some((item, at) => item !== page.items[at])) putPage(key, { ...page, items });
  }
  return [...homeless.values(), ...wrong];
}

/** Changes what is known of a page. That makes it no newer than it was, and no more certain. */
export function putPage(key: QueryKey, page: DocumentPage): void {
  const before = queryClient.getQueryState(key);
  queryClient.setQueryData<DocumentPage>(key, page, { updatedAt: before?.dataUpdatedAt });
  if (before?.isInvalidated)
    void queryClient.invalidateQueries({ queryKey: key, exact: true, refetchType: "none" });
}

/** Whether a list still is the place of this document; of words and tags only the server can tell. */
function passes(document: DocumentView, { status, trash, folder, q, type, tags }: ListFilter): boolean {
  if (status !== undefined && status !== document.status) return false;
  if (Boolean(trash) !== Boolean(document.trashed_at)) return false;
  const isFolder = !(status || trash || q || type || tags?.length);
  return !isFolder || (folder ?? "") === document.folder;
}

type Left = (ids: ReadonlySet<string>, filter: ListFilter) => void;
const leaving = new Set<Left>();

/** Calls `left` with what is taken out of a list; until the returned function is called. */
export function onLeft(left: Left): () => void {
  leaving.add(left);
  return () => void leaving.delete(left);
}

/**
 * Takes documents out of the lists for which `wrong` holds, given what the list asks for; what follows moves up.
 * Whether there is a gap now that only the server can fill.
 */
export function takeOut(ids: readonly string[], wrong: (filter: ListFilter) => boolean): boolean {
  const gone = new Set(ids);
  let gaps = false;
  for (const pages of byList(keptPages()).values()) {
    const filter = filterOf(pages[0]?.[0] ?? []);
    if (!wrong(filter)) continue;
    for (const left of leaving) left(gone, filter);
    const after = without(
      pages.map(([key, page]) => [pageOf(key), page]),
      gone,
    );
    for (const [key, page] of pages) {
      const now = after.get(pageOf(key));
      if (!now || now === page) continue;
      putPage(key, now);
      gaps ||= now.items.length < Math.min(PAGE, now.total - pageOf(key) * PAGE);
    }
  }
  return gaps;
}

/** Pages of one list by their number, without these documents. */
export function without(
  pages: readonly (readonly [number, DocumentPage])[],
  gone: ReadonlySet<string>,
): Map<number, DocumentPage> {
  const inOrder = [...pages].sort(([a], [b]) => a - b);
  const moved = new Map<number, DocumentView>(); // by their place in the list
  let fewer = 0;
  for (const [number, page] of inOrder)
    page.items.forEach((item, at) => {
      if (gone.has(item.id)) fewer += 1;
      else moved.set(number * PAGE + at - fewer, item);
    });
  if (fewer === 0) return new Map(inOrder);
  return new Map(
    inOrder.map(([number, page]) => [
      number,
      { items: rowFrom(moved, number * PAGE), total: Math.max(0, page.total - fewer) },
    ]),
  );
}

/** At most a page, up to the first that is missing. */
function rowFrom(places: ReadonlyMap<number, DocumentView>, first: number): DocumentView[] {
  const items: DocumentView[] = [];
  for (let at = first; at < first + PAGE; at += 1) {
    const item = places.get(at);
    if (!item) break;
    items.push(item);
  }
  return items;
}

function byList(pages: readonly Kept[]): Map<string, Kept[]> {
  const lists = new Map<string, Kept[]>();
  for (const entry of pages) {
    const list = hashKey(entry[0].slice(0, FILTER + 1));
    lists.set(list, [...(lists.get(list) ?? []), entry]);
  }
  return lists;
}

export function filterOf(key: QueryKey): ListFilter {
  return (key[FILTER] ?? {}) as ListFilter;
}

export function pageOf(key: QueryKey): number {
  return Number(key[FILTER + 1]);
}
