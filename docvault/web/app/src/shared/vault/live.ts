/** `GET /api/events` into the query cache: every list and every page sees a document as it is now, without polling. */
import type { InfiniteData, QueryKey } from "@tanstack/react-query";
import { useEffect } from "react";
import { queryClient } from "@/shared/api/query";
import { serverEvents } from "@/shared/api/sse";
import { keys } from "./keys";
import type { DocumentView, Totals } from "./types";

type DocumentPage = { items: DocumentView[]; next_cursor?: string | null };
type Snapshot = { documents: DocumentView[]; more: boolean; totals: Totals };

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;
const GATHER = 1000; // milliseconds in which unknown documents are gathered before the lists are asked again

/** Listens as long as it is mounted, and again after every break. */
export function useLive(): void {
  useEffect(() => {
    const leaving = new AbortController();
    void listen(leaving.signal);
    return () => leaving.abort();
  }, []);
}

async function listen(signal: AbortSignal): Promise<void> {
  let pause = FIRST_PAUSE;
  while (!signal.aborted) {
    try {
      for await (const { event, data } of serverEvents("/api/events", { signal })) {
        if (event === "hello") pause = FIRST_PAUSE;
        heard(event, data);
      }
    } catch {
      // asked again below
    }
    await rest(pause * (0.75 + Math.random() / 2), signal);
    pause = Math.min(2 * pause, LONGEST_PAUSE);
  }
}

function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    const now = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", now, { once: true });
    window.addEventListener("online", now, { once: true });
  });
}

function heard(event: string, data: unknown): void {
  if (event === "snapshot") {
    const snapshot = data as Snapshot;
    queryClient.setQueryData(keys.totals, snapshot.totals);
    snapshot.documents.forEach(putDocument);
    // What ended while nobody listened is not in the snapshot.
    void queryClient.invalidateQueries({ queryKey: keys.documents });
  } else if (event === "document") putDocument(data as DocumentView);
  else if (event === "deleted") dropDocuments([(data as { id: string }).id]);
  else if (event === "totals") queryClient.setQueryData(keys.totals, data as Totals);
}

/** Shows a document as it is now wherever it is shown. One that no list has makes the lists ask again. */
export function putDocument(document: DocumentView): void {
  queryClient.setQueryData(keys.document(document.id), document);
  let known = false;
  let fits = true;
  for (const [key, list] of listsWith(document.id)) {
    known = true;
    if (!passes(document, key)) fits = false;
    queryClient.setQueryData(
      key,
      mapped(list, (items) => items.map((item) => (item.id === document.id ? document : item))),
    );
  }
  if (!known || !fits) listsAreStale();
}

function listsWith(id: string): [QueryKey, InfiniteData<DocumentPage>][] {
  const lists = queryClient.getQueriesData<InfiniteData<DocumentPage>>({ queryKey: keys.documentLists });
  return lists.filter((entry): entry is [QueryKey, InfiniteData<DocumentPage>] =>
    Boolean(entry[1]?.pages.some((page) => page.items.some((item) => item.id === id))),
  );
}

/** Whether a list of documents in one state still is the place of this one. */
function passes(document: DocumentView, key: QueryKey): boolean {
  const { status } = key[keys.documentLists.length] as { status?: string };
  return status === undefined || status === document.status;
}

/** Takes documents out of the lists for which `wrong` holds, given what the list asks for. */
export function dropFrom(ids: readonly string[], wrong: (filter: object) => boolean): void {
  const gone = new Set(ids);
  const lists = queryClient.getQueriesData<InfiniteData<DocumentPage>>({ queryKey: keys.documentLists });
  for (const [key, list] of lists) {
    if (!list || !wrong(key[keys.documentLists.length] as object)) continue;
    queryClient.setQueryData(
      key,
      mapped(list, (items) => items.filter((item) => !gone.has(item.id))),
    );
  }
}

export function dropDocuments(ids: readonly string[]): void {
  for (const id of ids) queryClient.removeQueries({ queryKey: keys.document(id) });
  dropFrom(ids, () => true);
}

function mapped(
  list: InfiniteData<DocumentPage>,
  change: (items: DocumentView[]) => DocumentView[],
): InfiniteData<DocumentPage> {
  return { ...list, pages: list.pages.map((page) => ({ ...page, items: change(page.items) })) };
}

let asking = false;

function listsAreStale(): void {
  if (asking) return;
  asking = true;
  setTimeout(() => {
    asking = false;
    for (const queryKey of [keys.documentLists, keys.folders, keys.tags, keys.usage]) {
      void queryClient.invalidateQueries({ queryKey });
    }
  }, GATHER);
}
