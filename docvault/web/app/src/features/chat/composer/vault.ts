/** What there is to choose from: folders, tags and documents that can be asked. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, body } from "@/shared/api/client";
import { asProblem } from "@/shared/api/problem";
import { fetchDocument } from "@/shared/vault/document";
import { type FolderView, foldersQuery, tagsQuery } from "@/shared/vault/folders";
import { keys } from "@/shared/vault/keys";
import type { DocumentView } from "@/shared/vault/types";

const MOST = 12;

export function useFolders(): FolderView[] {
  return useQuery(foldersQuery).data ?? [];
}

export function useTags(): { tag: string }[] {
  return useQuery(tagsQuery).data ?? [];
}

/** Ready documents, those with `q` in their name where it is given, the newest first. */
export function useDocuments(q: string): { items: DocumentView[]; busy: boolean; loaded: boolean } {
  const filter = { status: "ready" as const, limit: MOST, ...(q && { q }) };
  const query = useQuery({
    queryKey: [...keys.documents, "choices", filter],
    queryFn: () => body(api.GET("/api/documents", { params: { query: filter } })),
    placeholderData: keepPreviousData,
  });
  return { items: query.data?.items ?? [], busy: query.isFetching, loaded: query.isSuccess };
}

/** Null when there is no such document any more; undefined as long as nobody knows. */
export function useFilename(id: string | null): string | null | undefined {
  const query = useQuery({
    queryKey: keys.document(id ?? ""),
    queryFn: () => fetchDocument(id ?? ""),
    enabled: id !== null,
  });
  if (query.error && asProblem(query.error).status === 404) return null;
  return query.data?.filename;
}
