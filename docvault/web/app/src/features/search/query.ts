/** A search of the place, asked as it is typed; the last answer stays until the next one is there. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body } from "@/shared/api/client";
import type { components } from "@/shared/api/schema";
import { keys } from "@/shared/vault/keys";
import { isKind, TYPES } from "@/shared/vault/kind";
import type { SearchPlace } from "@/shared/vault/place";

export type Hit = components["schemas"]["SearchView"]["hits"][number];
type Answer = components["schemas"]["SearchView"];

export const TYPING = 180; // milliseconds after the last key
export const MOST = 4; // hits of a document before "more"
const HITS = 30;

type Wanted = {
  hits?: number;
  /** Of each document: one more than is shown tells that there are more. */
  each?: number;
  /** The id of the only document that is searched. */
  within?: string;
};

export function searchQuery(place: SearchPlace, { hits = HITS, each = MOST + 1, within }: Wanted = {}) {
  const request = {
    query: (place.q ?? "").trim(),
    top_k: hits,
    per_document: within ? null : each,
    filters: {
      document_ids: within ? [within] : null,
      folder: place.folder ?? null,
      tags: place.tags ?? null,
      content_types: isKind(place.type) ? TYPES[place.type] : null,
      created_after: place.after ? startOf(place.after).toISOString() : null,
      created_before: place.before ? dayAfter(place.before) : null,
    },
  };
  return queryOptions({
    queryKey: keys.search(request),
    queryFn: async ({ signal }) => (await body(api.POST("/api/search", { body: request, signal }))) as Answer,
    enabled: request.query !== "",
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
}

/** Days begin where the person is. */
function startOf(day: string): Date {
  return new Date(`${day}T00:00:00`);
}

/** `before` names a day that still counts. */
function dayAfter(day: string): string {
  const date = startOf(day);
  date.setDate(date.getDate() + 1);
  return date.toISOString();
}
