/** The lists of conversations as the page keeps them. */
import type { InfiniteData } from "@tanstack/react-query";
import { queryClient } from "@/shared/api/query";
import { keys } from "@/shared/vault/keys";
import type { ConversationView } from "../types";

export type ConversationPage = { items: ConversationView[]; next_cursor?: string | null };
type List = InfiniteData<ConversationPage>;

const TITLE = 200; // characters, as the server cuts it

/** A conversation that has just begun, before the server's list has it. */
export function listNew(id: string, question: string): void {
  const now = new Date().toISOString();
  const title = question.split(/\s+/).join(" ").trim().slice(0, TITLE);
  queryClient.setQueryData<List>(keys.conversationList(""), (list) => {
    const [first, ...rest] = list?.pages ?? [];
    if (!list || !first || list.pages.some((page) => page.items.some((item) => item.id === id))) return list;
    const begun = { id, title, created_at: now, updated_at: now };
    return { ...list, pages: [{ ...first, items: [begun, ...first.items] }, ...rest] };
  });
}

export function retitle(id: string, title: string): void {
  queryClient.setQueriesData<List>({ queryKey: [...keys.conversations, "list"] }, (list) =>
    list
      ? {
          ...list,
          pages: list.pages.map((page) => ({
            ...page,
            items: page.items.map((item) => (item.id === id ? { ...item, title } : item)),
          })),
        }
      : list,
  );
  queryClient.setQueryData<ConversationView>(keys.conversation(id), (one) => one && { ...one, title });
}
