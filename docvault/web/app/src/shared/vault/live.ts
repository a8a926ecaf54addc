/** `GET /api/events` into the query cache: every list and every page sees a document as it is now, without polling. */
import { useEffect } from "react";
import { queryClient } from "@/shared/api/query";
import { onPersonGone } from "@/shared/api/session";
import { serverEvents } from "@/shared/api/sse";
import { keys } from "./keys";
import { keptPages, showDocuments, takeOut } from "./lists";
import type { DocumentView, Totals } from "./types";

type Snapshot = { documents: DocumentView[]; more: boolean; totals: Totals };

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;
const GATHER = 1000; // milliseconds in which unknown documents are gathered before the lists are asked again

/** Listens as long as it is mounted, and again after every break. */
export function useLive(): void {
  useEffect(() => {
    const leaving = new AbortController();
    const deaf = onPersonGone(() => leaving.abort()); // at once: the next one's lists are empty from then on
    void listen(leaving.signal);
    return () => {
      deaf();
      leaving.abort();
    };
  }, []);
}

async function listen(signal: AbortSignal): Promise<void> {
  let pause = FIRST_PAUSE;
  while (!signal.aborted) {
    try {
      for await (const { event, data } of serverEvents("/api/events", { signal })) {
        if (signal.aborted) return;
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
    putDocuments(snapshot.documents);
    if (missed(snapshot)) void queryClient.invalidateQueries({ queryKey: keys.documents });
  } else if (event === "document") putDocument(data as DocumentView);
  else if (event === "deleted") {
    if (dropDocuments([(data as { id: string }).id])) listsAreStale();
  } else if (event === "totals") queryClient.setQueryData(keys.totals, data as Totals);
}

let heardOnce = false;

/**
 * What ended while nobody listened is not in the snapshot. After a break that may be anything; when the page has just
 * been opened, only what a list had as unfinished.
 */
function missed({ documents, more }: Snapshot): boolean {
  const again = heardOnce;
  heardOnce = true;
  if (again || more) return true;
  const open = new Set(documents.map(({ id }) => id));
  const isOver = ({ id, status }: DocumentView) =>
    !open.has(id) && (status === "queued" || status === "processing");
  return keptPages().some(([, page]) => page.items.some(isOver));
}

/** Shows documents as they are now wherever they are shown. Those that no list has make the lists ask again. */
export function putDocuments(documents: readonly DocumentView[]): void {
  if (showDocuments(documents).filter(isNews).length) listsAreStale();
}

export function putDocument(document: DocumentView): void {
  putDocuments([document]);
}

const elsewhere = new Map<string, string>();
const MOST = 10_000; // remembered of those

/** Of a document in no list that is in sight: whether anything about it changed that could bring it there. */
function isNews({ id, status, filename, folder, tags, trashed_at }: DocumentView): boolean {
  const now = JSON.stringify([status, filename, folder, tags, trashed_at]);
  if (elsewhere.get(id) === now) return false;
  if (elsewhere.size >= MOST) elsewhere.clear();
  elsewhere.set(id, now);
  return true;
}

/** Takes documents out of all lists. Whether there is a gap now that only the server can fill. */
export function dropDocuments(ids: readonly string[]): boolean {
  const gone = new Set<unknown>(ids);
  queryClient.removeQueries({
    queryKey: keys.eachDocument,
    predicate: ({ queryKey }) => gone.has(queryKey.at(-1)),
  });
  return takeOut(ids, () => true);
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
