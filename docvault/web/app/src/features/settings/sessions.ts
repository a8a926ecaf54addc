/** Where a person is signed in, and how they end it: gone at once, back with a message when the server refuses. */
import { type InfiniteData, infiniteQueryOptions, useMutation } from "@tanstack/react-query";
import { api, body } from "@/shared/api/client";
import { queryClient } from "@/shared/api/query";
import type { components } from "@/shared/api/schema";
import { useTexts } from "@/shared/texts";
import { toast } from "@/shared/ui/toast";
import { keys } from "@/shared/vault/keys";

export type SessionView = components["schemas"]["SessionView"];
type Page = { items: SessionView[]; next_cursor?: string | null };
type List = InfiniteData<Page, string | null>;

const PAGE = 25;

export const sessionsQuery = infiniteQueryOptions({
  queryKey: keys.sessions,
  queryFn: ({ pageParam }): Promise<Page> =>
    body(api.GET("/api/sessions", { params: { query: { cursor: pageParam, limit: PAGE } } })),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next_cursor ?? null,
});

export function useEndSession() {
  const { t } = useTexts("settings");
  return useMutation({
    mutationFn: ({ id }: { id: string; device: string }) =>
      body(api.DELETE("/api/sessions/{session_id}", { params: { path: { session_id: id } } })),
    onMutate: ({ id }) => without((session) => session.id === id),
    // Here, not where it is asked for: the row is gone by then, and what it wanted to do afterwards with it.
    onSuccess: (_nothing, { device }) => toast({ text: t("sessions.ended", { device }) }),
    onError: (_error, _wanted, before) => queryClient.setQueryData(keys.sessions, before),
    onSettled: refreshed,
  });
}

export function useEndOthers() {
  const { t } = useTexts("settings");
  return useMutation({
    mutationFn: () => body(api.DELETE("/api/sessions")),
    onMutate: () => without((session) => !session.current),
    onSuccess: () => toast({ text: t("sessions.othersEnded") }),
    onError: (_error, _nothing, before) => queryClient.setQueryData(keys.sessions, before),
    onSettled: refreshed,
  });
}

/** The list as it was. */
async function without(gone: (session: SessionView) => boolean): Promise<List | undefined> {
  await queryClient.cancelQueries({ queryKey: keys.sessions });
  const before = queryClient.getQueryData<List>(keys.sessions);
  queryClient.setQueryData<List>(
    keys.sessions,
    (list) =>
      list && {
        ...list,
        pages: list.pages.map((page) => ({ ...page, items: page.items.filter((one) => !gone(one)) })),
      },
  );
  return before;
}

function refreshed(): void {
  void queryClient.invalidateQueries({ queryKey: keys.sessions });
}
