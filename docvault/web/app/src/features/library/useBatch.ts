import { useEffect } from "react";
import { useUser } from "@/shared/api/session";
import type { Totals } from "@/shared/vault/types";

const KEPT = "docvault.library.batch.";

/**
 * A batch is all that was waited for since last nothing was: how many are done of how many. How many were over when it
 * began is kept as long as the tab lives, so that a reload changes nothing.
 */
export function useBatch(totals: Totals | undefined): { done: number; all: number } {
  const key = KEPT + useUser().id;
  const open = totals ? totals.queued + totals.processing : 0;
  const over = totals ? totals.ready + totals.failed : 0;
  const began = open === 0 ? over : Math.min(Number(sessionStorage.getItem(key) ?? over), over);
  useEffect(() => {
    if (totals) sessionStorage.setItem(key, String(began));
  }, [key, totals, began]);
  return { done: over - began, all: over - began + open };
}
