/** The list of documents of a place, page by page. */
import { type InfiniteData, infiniteQueryOptions } from "@tanstack/react-query";
import { api, body } from "@/shared/api/client";
import { keys } from "@/shared/vault/keys";
import { isKind, TYPES } from "@/shared/vault/kind";
import type { LibraryPlace } from "@/shared/vault/place";
import type { DocumentView } from "@/shared/vault/types";

export type DocumentPage = { items: DocumentView[]; next_cursor?: string | null; total?: number | null };
export type DocumentList = InfiniteData<DocumentPage>;

const PAGE = 100;

/** Whether the place is narrower than a folder: then what is below it counts too. */
export function isFiltered(place: LibraryPlace): boolean {
  return Boolean(place.q || place.status || place.type || place.tags?.length);
}

export function documentsQuery(place: LibraryPlace) {
  const { view: _view, ...asked } = place;
  const query = {
    folder: place.folder,
    direct: !isFiltered(place) && !place.trash,
    tag: place.tags,
    status: place.status,
    content_type: isKind(place.type) ? TYPES[place.type] : undefined,
    q: place.q,
    sort: place.sort ?? ("-created_at" as const),
    trashed: place.trash ?? false,
    limit: PAGE,
  };
  return infiniteQueryOptions({
    queryKey: keys.documentList(asked),
    queryFn: async ({ pageParam, signal }) => {
      const params = { query: { ...query, count: pageParam === null, cursor: pageParam } };
      return body(api.GET("/api/documents", { params, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor ?? null,
  });
}

export function documentsOf(list: DocumentList | undefined): DocumentView[] {
  return list?.pages.flatMap((page) => page.items) ?? [];
}
