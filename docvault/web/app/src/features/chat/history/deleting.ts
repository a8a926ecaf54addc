/**
 * Conversations that are going: out of sight at once, and gone when nobody can take it back any more. Whoever leaves the
 * page or signs out takes nothing back, so what waits goes then.
 */
import { useSyncExternalStore } from "react";
import { authorized } from "@/shared/api/client";
import { asProblem, problemOf } from "@/shared/api/problem";
import { queryClient } from "@/shared/api/query";
import { beforeSignOut, onPersonGone } from "@/shared/api/session";
import { problemText } from "@/shared/lib/problem-text";
import { dismiss, toast } from "@/shared/ui/toast";
import { keys } from "@/shared/vault/keys";
import { leave } from "../live/store";

const STAYS = 8000; // milliseconds in which it can be taken back

let leaving: ReadonlyMap<string, number> = new Map(); // ids, and the toasts that can bring them back
const sent = new Set<Promise<void>>(); // to the server, which has not answered yet
const listeners = new Set<() => void>();

export type DeletingTexts = { gone: string; undo: string };

export function deleteSoon(id: string, texts: DeletingTexts): void {
  leave(id);
  const said = toast({
    text: texts.gone,
    stays: STAYS,
    action: { label: texts.undo, run: () => forget(id) },
    onGone: () => void deleteNow(id),
  });
  become(new Map([...leaving, [id, said]]));
}

async function deleteNow(id: string): Promise<void> {
  if (!leaving.has(id)) return;
  const asked = askToDelete(id);
  sent.add(asked);
  try {
    await asked;
    queryClient.removeQueries({ queryKey: keys.conversation(id) });
    await queryClient.invalidateQueries({ queryKey: [...keys.conversations, "list"] });
  } catch (error) {
    if (!leaving.has(id)) return; // nor is the person there any more
    const { text, hint } = problemText(asProblem(error));
    toast({ kind: "bad", text, detail: hint ?? undefined });
  } finally {
    sent.delete(asked);
  }
  forget(id);
}

async function askToDelete(id: string): Promise<void> {
  const response = await authorized(`/api/conversations/${id}`, { method: "DELETE", keepalive: true });
  if (!response.ok && response.status !== 404) throw await problemOf(response);
}

function forget(id: string): void {
  become(new Map([...leaving].filter(([one]) => one !== id)));
}

/** Their toasts leave, and take them along. Resolves when the server has answered. */
function deleteAllNow(): Promise<unknown> | undefined {
  for (const said of leaving.values()) dismiss(said);
  return sent.size ? Promise.allSettled(sent) : undefined;
}

if (typeof window !== "undefined") window.addEventListener("pagehide", () => void deleteAllNow());
beforeSignOut(deleteAllNow);
onPersonGone(() => become(new Map()));

function become(next: ReadonlyMap<string, number>): void {
  leaving = next;
  for (const listener of listeners) listener();
}

export function useLeaving(): ReadonlyMap<string, number> {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => leaving,
  );
}
