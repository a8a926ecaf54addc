/** The calls of the reader, and the shapes of their answers. */
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { api, authorized, body } from "@/shared/api/client";
import { problemOf } from "@/shared/api/problem";
import { queryClient } from "@/shared/api/query";
import { fetchDocument } from "@/shared/vault/document";
import { keys } from "@/shared/vault/keys";
import { putDocument } from "@/shared/vault/live";
import type { Box, DocumentView } from "@/shared/vault/types";
import { kindOf } from "./reading";

/** `places`: `[start, end, left, top, right, bottom]` of words that were read in a picture. */
export type PageText = {
  page: number;
  text: string;
  width?: number | null;
  height?: number | null;
  places?: number[][] | null;
};
/** `start` and `end` count characters of the page's text; `boxes` are those of its lines. */
export type FindHit = { page: number; start: number; end: number; boxes?: Box[] };
export type FindAnswer = { hits: FindHit[]; more: boolean; total: number };

const AT_ONCE = 500; // hits of one search inside
const FRESH = 5 * 60_000; // milliseconds: the text of a revision does not change

async function json<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await authorized(path, init);
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as T;
}

function sending(data: object): RequestInit {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data) };
}

const at = (id: string, rest = "") => `/api/documents/${encodeURIComponent(id)}${rest}`;

export function useDocument(id: string) {
  return useQuery({ queryKey: keys.document(id), queryFn: () => fetchDocument(id) });
}

/** Pages `first` to `last` of a document's text; those behind its end are not there. */
export function textQuery(document: DocumentView, first: number, last: number) {
  return {
    queryKey: [...keys.documentText(document.id, first, last), document.sha256],
    queryFn: async () => {
      const answer = await json<{ pages: PageText[] }>(at(document.id, `/text?first=${first}&last=${last}`));
      return answer.pages.filter((page) => page.page >= first && page.page <= last);
    },
    staleTime: FRESH,
  };
}

/** Where a page is shown as a picture, its hits are marked by the boxes of their lines. */
export function useFound(document: DocumentView, q: string) {
  const query = `q=${encodeURIComponent(q)}&limit=${AT_ONCE}&boxes=${kindOf(document) !== "text"}`;
  return useQuery({
    queryKey: ["documents", "find", document.id, document.sha256, q],
    queryFn: ({ signal }) => json<FindAnswer>(at(document.id, `/find?${query}`), { signal }),
    enabled: q !== "",
    staleTime: FRESH,
    placeholderData: q === "" ? undefined : keepPreviousData,
  });
}

export function useRetry(id: string) {
  return useMutation({
    meta: { quiet: true },
    mutationFn: (password: string | undefined) =>
      json<DocumentView>(at(id, "/retry"), sending(password ? { password } : {})),
    onSuccess: putDocument,
    onError: () => void queryClient.invalidateQueries({ queryKey: keys.document(id) }),
  });
}

export function useRestore(document: DocumentView) {
  return useMutation({
    mutationFn: () =>
      body(api.POST("/api/documents/bulk", { body: { action: "restore", ids: [document.id] } })),
    onSuccess: () => putDocument({ ...document, trashed_at: null }),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: keys.documents }),
  });
}

/** The browser's own download, by a link that needs no header. */
export async function download(document: DocumentView): Promise<void> {
  const { url } = await json<{ url: string }>(at(document.id, "/link"), sending({ download: true }));
  const link = window.document.createElement("a");
  link.href = url;
  link.download = document.filename;
  link.click();
}

export async function contentBlob(document: DocumentView, signal: AbortSignal): Promise<Blob> {
  const response = await authorized(at(document.id, "/content"), { signal });
  if (!response.ok) throw await problemOf(response);
  return new Blob([await response.arrayBuffer()], { type: document.content_type });
}
