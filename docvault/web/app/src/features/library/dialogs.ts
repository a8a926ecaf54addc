/** Which dialog of the library is open. The sidebar opens them too, so the page and not a context holds it. */
import { useSyncExternalStore } from "react";
import { onPersonGone } from "@/shared/api/session";
import type { DocumentView } from "@/shared/vault/types";

export type OpenDialog =
  | { kind: "newFolder"; parent: string }
  | { kind: "renameFolder"; path: string }
  | { kind: "moveFolder"; path: string }
  | { kind: "folders" }
  | { kind: "rename"; document: DocumentView }
  | { kind: "move"; ids: readonly string[] }
  | { kind: "tags"; ids: readonly string[] }
  | { kind: "confirm"; title: string; text: string; confirm: string; run: () => void };

let current: OpenDialog | null = null;
const listeners = new Set<() => void>();

export function openDialog(dialog: OpenDialog | null): void {
  current = dialog;
  for (const listener of listeners) listener();
}

onPersonGone(() => openDialog(null));

export function useOpenDialog(): OpenDialog | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
