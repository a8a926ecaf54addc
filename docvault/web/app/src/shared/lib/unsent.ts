/** How many files are still on their way to the server, for whoever would end what sends them. */
import { useSyncExternalStore } from "react";

let files = 0;
const listeners = new Set<() => void>();

export function tellUnsent(now: number): void {
  if (now === files) return;
  files = now;
  for (const listener of listeners) listener();
}

export function unsent(): number {
  return files;
}

export function useUnsent(): number {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, unsent);
}
