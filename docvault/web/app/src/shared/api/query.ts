/** What the server said, kept by TanStack Query: asked again when stale, forgotten when the person signs out. */
import { MutationCache, QueryClient } from "@tanstack/react-query";
import { problemText } from "@/shared/lib/problem-text";
import { forgetToasts, toast } from "@/shared/ui/toast";
import { asProblem } from "./problem";
import { onPersonGone } from "./session";

const TRIES = 3;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 10 * 60_000,
      networkMode: "offlineFirst", // the service worker may have it
      retry: (failures, error) => {
        const { status } = asProblem(error);
        return failures < TRIES && (status === 0 || status === 429 || status >= 502);
      },
    },
    mutations: { networkMode: "always" },
  },
  mutationCache: new MutationCache({
    // A mutation that shows its own failure says so with `meta: { quiet: true }`.
    onError: (error, _variables, _context, mutation) => {
      if (mutation.meta?.quiet || isForgotten(mutation.mutationId)) return;
      const { text, hint } = problemText(asProblem(error));
      toast({ kind: "bad", text, detail: hint ?? undefined });
    },
  }),
});

/** Its person left while it was under way. */
function isForgotten(id: number): boolean {
  return !queryClient
    .getMutationCache()
    .getAll()
    .some(({ mutationId }) => mutationId === id);
}

/** Another person must find nothing of the last one's here. */
export function forgetOnSignOut(): () => void {
  return onPersonGone(() => {
    queryClient.clear();
    forgetToasts();
  });
}
