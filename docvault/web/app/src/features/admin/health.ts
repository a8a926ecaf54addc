/** How the vault is, judged: what is fine, what wants a look, what is away. */
import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/shared/api/client";
import type { components } from "@/shared/api/schema";
import { keys } from "@/shared/vault/keys";

type Schemas = components["schemas"];
export type Details = Schemas["HealthDetails"];
export type Brief = Schemas["Health"];
export type Level = "good" | "warn" | "bad";

const EVERY = 10_000; // milliseconds

// Seconds for which what could be read has not been: workers are short, then something is wrong.
const LONG_WAIT = 300;
const VERY_LONG_WAIT = 3600;
// Shares of the disk that are free.
const LITTLE_ROOM = 0.1;
const NO_ROOM = 0.02;

export const healthQuery = queryOptions({
  queryKey: keys.health,
  queryFn: () => body(api.GET("/api/admin/health")),
  refetchInterval: EVERY, // not while nobody looks: TanStack Query stops in the background
  staleTime: 0,
  retry: false,
});

/** What can be said without the database, which knows who asks. Its answer is 503 when it says most. */
export async function briefHealth(): Promise<Brief> {
  const response = await fetch("/health");
  return (await response.json()) as Brief;
}

export function partLevel(state: string): Level {
  return state === "ok" ? "good" : "bad";
}

export function waitLevel(oldest: number): Level {
  return oldest >= VERY_LONG_WAIT ? "bad" : oldest >= LONG_WAIT ? "warn" : "good";
}

export function roomLevel({ free_bytes, total_bytes }: Schemas["StorageView"]): Level {
  if (free_bytes == null || !total_bytes) return "good";
  const share = free_bytes / total_bytes;
  return share <= NO_ROOM ? "bad" : share <= LITTLE_ROOM ? "warn" : "good";
}

export function workersLevel(workers: Details["workers"], version: string): Level {
  if (workers === null) return "warn";
  if (workers.length === 0) return "bad";
  return workers.some((worker) => worker.version !== version) ? "warn" : "good";
}

/** Of the whole: as bad as the worst. */
export function worst(details: Details): Level {
  const levels = [
    ...Object.values(details.parts).map(partLevel),
    waitLevel(details.queue?.oldest_seconds ?? 0),
    roomLevel(details.storage),
    workersLevel(details.workers, details.versions.docvault),
  ];
  return levels.includes("bad") ? "bad" : levels.includes("warn") ? "warn" : "good";
}
