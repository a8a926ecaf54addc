/** The list of documents of a place, page by page. */
import { type InfiniteData, infiniteQueryOptions } from "@tanstack/react-query";
import { api, body } from "@/shared/api/client";
import { keys } from "@/shared/vault/keys";
import type { Kind } from "@/shared/vault/kind";
import type { LibraryPlace } from "@/shared/vault/place";
import type { DocumentView } from "@/shared/vault/types";

export type DocumentPage = { items: DocumentView[]; next_cursor?: string | null; total?: number | null };
export type DocumentList = InfiniteData<DocumentPage>;

const PAGE = 100;

/** Content types of a kind, as the API filters them: whole ones, or beginnings that end in `/`. */
export const TYPES: Record<Exclude<Kind, "other">, string[]> = {
  pdf: ["application/pdf"],
  image: ["image/"],
  mail: ["message/rfc822", "application/vnd.ms-outlook"],
  book: ["application/epub+zip"],
  archive: ["application/zip", "application/x-tar", "application/gzip"],
  table: [
    "text/csv",
    "text/tab-separated-values",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.ms-excel.sheet.binary.macroenabled.12",
  ],
  slides: [
    "application/vnd.ms-powerpoint",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  ],
  text: [
    "text/plain",
    "text/markdown",
    "text/html",
    "text/x-rst",
    "application/msword",
    "application/rtf",
    "text/rtf",
    "application/vnd.oasis.opendocument.text",
    "application/json",
    "application/xml",
    "text/xml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  ],
};

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
    content_type: place.type && place.type in TYPES ? TYPES[place.type as keyof typeof TYPES] : undefined,
    q: place.q,
    sort: place.sort ?? ("-created_at" as const),
    trashed: place.trash ?? false,
    limit: PAGE,
  };
  return infiniteQueryOptions({
    queryKey: keys.documentList(asked),
    queryFn: async ({ pageParam, signal }) => {
      const params = { query: { ...query, count: pageParam === null, cursor: pageParam } };
      return (await body(api.GET("/api/documents", { params, signal }))) as unknown as DocumentPage;
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor ?? null,
  });
}

export function documentsOf(list: DocumentList | undefined): DocumentView[] {
  return list?.pages.flatMap((page) => page.items) ?? [];
}
