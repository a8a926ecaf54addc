/** The models that may be asked, and those that a conversation asks. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/shared/api/client";
import { useUser } from "@/shared/api/session";
import { useTexts } from "@/shared/texts";
import { keys } from "@/shared/vault/keys";
import { MOST_MODELS } from "./types";

export type Model = { id: string; provider: string; default: boolean };

export const EXTRACTIVE = "extractive"; // the built-in one
const KEPT = "docvault.chat.models";
const NEW = "new"; // what was chosen for a chat that has not begun
const LAST = "last"; // what was chosen last, anywhere
const MOST_KEPT = 200; // conversations whose models are remembered

export const modelsQuery = queryOptions({
  queryKey: keys.models,
  queryFn: () => body(api.GET("/api/models")),
  staleTime: 5 * 60_000,
});

export function useModels(): Model[] {
  return useQuery(modelsQuery).data?.items ?? [];
}

/** `openai/gpt-5` is called `gpt-5`. */
export function nameOf(id: string, extractive: string): string {
  return id === EXTRACTIVE ? extractive : id.slice(id.indexOf("/") + 1);
}

export function useModelName(id: string): string {
  const { t } = useTexts("chat");
  return nameOf(id, t("model.extractive"));
}

/** What was chosen here, or else what answered last, or what the person or the vault prefers; only what there is. */
export function chosen(
  models: readonly Model[],
  ...wishes: (readonly string[] | null | undefined)[]
): string[] {
  const there = new Set(models.map((model) => model.id));
  for (const wish of wishes) {
    const left = [...new Set(wish ?? [])].filter((id) => there.has(id)).slice(0, MOST_MODELS);
    if (left.length) return left;
  }
  const defaults = models.filter((model) => model.default).map((model) => model.id);
  return (defaults.length ? defaults : [...there]).slice(0, MOST_MODELS);
}

export function useChosenModels(
  place: string,
  answered: readonly string[],
): [string[], (ids: string[]) => void] {
  const models = useModels();
  const { preferences } = useUser();
  const [picked, setPicked] = useState(() => kept()[slot(place)]);
  const choose = (ids: string[]) => {
    setPicked(ids);
    keepModels(place, ids);
    keepModels(LAST, ids);
  };
  return [chosen(models, picked, answered, preferences?.default_models, kept()[LAST]), choose];
}

export function keepModels(place: string, ids: string[]): void {
  const { [slot(place)]: _, ...others } = kept();
  const recent = Object.entries(others).slice(1 - MOST_KEPT);
  localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries([...recent, [slot(place), ids]])));
}

/** The chat that had not begun is one of its own now, and the next begins as all do. */
export function moveModels(place: string, ids: string[]): void {
  const { [NEW]: _, ...others } = kept();
  localStorage.setItem(KEPT, JSON.stringify(others));
  keepModels(place, ids);
}

function slot(place: string): string {
  return place.startsWith("new-") ? NEW : place;
}

function kept(): Record<string, string[]> {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Record<string, string[]>;
  } catch {
    return {};
  }
}
