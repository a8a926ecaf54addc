/** A person's API keys, and what may be said of a new one. */
import { type InfiniteData, infiniteQueryOptions, useMutation } from "@tanstack/react-query";
import { api, body } from "@/shared/api/client";
import { queryClient } from "@/shared/api/query";
import type { components } from "@/shared/api/schema";
import { useTexts } from "@/shared/texts";
import { toast } from "@/shared/ui/toast";
import { keys } from "@/shared/vault/keys";

export type ApiKey = components["schemas"]["ApiKeyView"];
export type CreatedKey = components["schemas"]["CreatedApiKeyView"];

/** What a key may be given. Managing the account is not among it. */
export const SCOPES = ["documents:read", "search", "chat", "documents:write"] as const;
export type Scope = (typeof SCOPES)[number];
/** How the texts call them: a colon would be the end of a namespace there. */
export const SCOPE_TEXTS = {
  "documents:read": "read",
  "documents:write": "write",
  search: "search",
  chat: "chat",
} as const satisfies Record<Scope, string>;
/** In days. */
export const EXPIRIES = ["30", "90", "365", "never"] as const;
export type Expiry = (typeof EXPIRIES)[number];

type Page = { items: ApiKey[]; next_cursor?: string | null };
type List = InfiniteData<Page, string | null>;

const PAGE = 50;
const DAY = 86_400_000; // milliseconds

export const apiKeysQuery = infiniteQueryOptions({
  queryKey: keys.apiKeys,
  queryFn: ({ pageParam }): Promise<Page> =>
    body(api.GET("/api/keys", { params: { query: { cursor: pageParam, limit: PAGE } } })),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next_cursor ?? null,
});

export function useCreateKey() {
  return useMutation({
    mutationFn: ({ name, scopes, expiry }: { name: string; scopes: Scope[]; expiry: Expiry }) =>
      body(api.POST("/api/keys", { body: { name, scopes, expires_at: endOf(expiry, new Date()) } })),
    meta: { quiet: true },
    onSuccess: refreshed,
  });
}

export function useDeleteKey() {
  const { t } = useTexts("settings");
  return useMutation({
    mutationFn: ({ id }: ApiKey) =>
      body(api.DELETE("/api/keys/{key_id}", { params: { path: { key_id: id } } })),
    onMutate: async ({ id }) => {
      await queryClient.cancelQueries({ queryKey: keys.apiKeys });
      const before = queryClient.getQueryData<List>(keys.apiKeys);
      queryClient.setQueryData<List>(keys.apiKeys, (list) => list && without(list, id));
      return before;
    },
    onSuccess: (_nothing, { name }) => toast({ text: t("keys.deleted", { name }) }),
    onError: (_error, _key, before) => queryClient.setQueryData(keys.apiKeys, before),
    onSettled: refreshed,
  });
}

function without(list: List, id: string): List {
  return {
    ...list,
    pages: list.pages.map((page) => ({ ...page, items: page.items.filter((key) => key.id !== id) })),
  };
}

function refreshed(): void {
  void queryClient.invalidateQueries({ queryKey: keys.apiKeys });
}

export function endOf(expiry: Expiry, now: Date): string | null {
  return expiry === "never" ? null : new Date(now.getTime() + Number(expiry) * DAY).toISOString();
}

/** A command that shows what the key can do, with the least harmful of what it may. */
export function example(origin: string, key: string, scopes: readonly string[]): string {
  const header = `-H "Authorization: Bearer ${key}"`;
  const asking = (path: string, said: object, flags = "-s") =>
    `curl ${flags} ${origin}${path} ${header} \\\n  -H "Content-Type: application/json" -d '${JSON.stringify(said)}'`;
  if (scopes.includes("search")) return asking("/api/search", { query: "notice period" });
  if (scopes.includes("chat")) return asking("/api/chat", { question: "What is the notice period?" }, "-sN");
  if (scopes.includes("documents:read")) return `curl -s "${origin}/api/documents?limit=5" ${header}`;
  return `curl -s ${origin}/api/documents ${header} \\\n  -F file=@report.pdf`;
}
