/** Addresses that are told of documents, and what was sent to them. */
import { infiniteQueryOptions, queryOptions, useMutation } from "@tanstack/react-query";
import { api, body } from "@/shared/api/client";
import { queryClient } from "@/shared/api/query";
import type { components } from "@/shared/api/schema";
import { useTexts } from "@/shared/texts";
import { toast } from "@/shared/ui/toast";
import { keys } from "@/shared/vault/keys";

type Schemas = components["schemas"];
export type Webhook = Schemas["WebhookView"];
export type Delivery = Schemas["DeliveryView"];
export type CreatedWebhook = Schemas["SecretWebhookView"];
export const EVENTS = ["document.ready", "document.failed"] as const;
export type Event = (typeof EVENTS)[number];

type Page<T> = { items: T[]; next_cursor?: string | null };

const MOST = 500; // in one answer; nobody has more
const PAGE = 25;
const WATCHED = 3000; // milliseconds between two looks at a delivery that is on its way

export const webhooksQuery = queryOptions({
  queryKey: keys.webhooks,
  queryFn: () => body(api.GET("/api/webhooks", { params: { query: { limit: MOST } } })),
});

export function deliveriesQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: keys.deliveries(id),
    queryFn: ({ pageParam }): Promise<Page<Delivery>> =>
      body(
        api.GET("/api/webhooks/{webhook_id}/deliveries", {
          params: { path: { webhook_id: id }, query: { cursor: pageParam, limit: PAGE } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor ?? null,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some((one) => one.status === "pending")) && WATCHED,
  });
}

/** How the last one went, for the list. */
export function lastDeliveryQuery(id: string) {
  return queryOptions({
    queryKey: [...keys.deliveries(id), "last"],
    queryFn: async () => {
      const params = { path: { webhook_id: id }, query: { limit: 1 } };
      const page = await body(api.GET("/api/webhooks/{webhook_id}/deliveries", { params }));
      return page.items[0] ?? null;
    },
    refetchInterval: ({ state }) => state.data?.status === "pending" && WATCHED,
  });
}

export function useCreateWebhook() {
  return useMutation({
    mutationFn: (wanted: { url: string; events: Event[] }) =>
      body(api.POST("/api/webhooks", { body: wanted })),
    meta: { quiet: true },
    onSettled: refreshed,
  });
}

export function useWebhookActions({ id }: Webhook) {
  const { t } = useTexts("settings");
  const params = { path: { webhook_id: id } };
  const enable = useMutation({
    mutationFn: (enabled: boolean) =>
      body(api.PATCH("/api/webhooks/{webhook_id}", { params, body: { enabled } })),
    onSettled: refreshed,
  });
  const test = useMutation({
    mutationFn: () => body(api.POST("/api/webhooks/{webhook_id}/test", { params })),
    onSuccess: () => toast({ text: t("webhooks.tested") }),
    onSettled: refreshed,
  });
  const remove = useMutation({
    mutationFn: () => body(api.DELETE("/api/webhooks/{webhook_id}", { params })),
    onSuccess: () => toast({ text: t("webhooks.deleted") }),
    onSettled: refreshed,
  });
  return { enable: enable.mutate, test: test.mutate, remove: remove.mutate };
}

export function useSendAgain() {
  return useMutation({
    mutationFn: ({ webhook_id, id }: Delivery) =>
      body(
        api.POST("/api/webhooks/{webhook_id}/deliveries/{delivery_id}/retry", {
          params: { path: { webhook_id, delivery_id: id } },
        }),
      ),
    onSettled: refreshed,
  });
}

function refreshed(): void {
  void queryClient.invalidateQueries({ queryKey: keys.webhooks });
}
