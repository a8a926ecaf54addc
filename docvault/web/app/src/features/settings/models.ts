/** Which models new chats ask, in order. */
import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { api, body } from "@/shared/api/client";
import { type User, userChanged, useUser } from "@/shared/api/session";
import { aboutQuery } from "@/shared/vault/about";
import { keys } from "@/shared/vault/keys";
import { savePreferences } from "@/shared/vault/preferences";

export type Model = { id: string; provider: string; default: boolean };

export const EXTRACTIVE = "extractive"; // the built-in one

const modelsQuery = queryOptions({
  queryKey: keys.models,
  queryFn: () => body(api.GET("/api/models")),
  staleTime: 5 * 60_000,
});

export function useDefaultModels() {
  const user = useUser();
  const models = useQuery(modelsQuery);
  const most = useQuery(aboutQuery).data?.limits.max_models ?? 1;
  const save = useMutation({
    mutationFn: (chosen: string[]) => savePreferences({ default_models: chosen }),
    onMutate: (chosen): User => {
      userChanged({ ...user, preferences: { ...user.preferences, default_models: chosen } });
      return user;
    },
    onError: (_error, _chosen, before) => before && userChanged(before),
    scope: { id: "default-models" }, // one after the other: the last click is what stays
  });
  return { models, most, chosen: user.preferences?.default_models ?? [], choose: save.mutate };
}

/** `list` with what stands at `from` one place up (-1) or down (1). */
export function moved(list: readonly string[], from: number, by: -1 | 1): string[] {
  const next = [...list];
  const [one] = next.splice(from, 1);
  if (one !== undefined) next.splice(Math.max(0, from + by), 0, one);
  return next;
}
