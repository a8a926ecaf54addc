/** The conversations, page by page, the last used first. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { api, body } from "@/shared/api/client";
import { keys } from "@/shared/vault/keys";
import type { ConversationView } from "../types";
import { useLeaving } from "./deleting";

export type Conversations = {
  items: ConversationView[];
  loading: boolean;
  error: unknown;
  refetch: () => void;
  /** Undefined when all are there. */
  more?: () => void;
};

export function useConversations(q: string): Conversations {
  const leaving = useLeaving();
  const query = useInfiniteQuery({
    queryKey: keys.conversationList(q),
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/conversations", {
          params: { query: { ...(q && { q }), ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return {
    items: items.filter((item) => !leaving.has(item.id)),
    loading: query.isPending,
    error: query.error,
    refetch: () => void query.refetch(),
    more: query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined,
  };
}
