/** Short messages at the edge of the page, some with a way back. Anything may say one: `toast({ text })`. */
import { useSyncExternalStore } from "react";

export type ToastAction = { label: string; run: () => void };
export type Toast = {
  id: number;
  text: string;
  detail?: string;
  kind: "info" | "good" | "bad";
  action?: ToastAction;
  /** Milliseconds it stays; `Infinity` until it is dismissed. */
  stays: number;
  /** Once, when it left without its action. */
  onGone?: () => void;
  /** It is about the page, not about anything of the person's. */
  forAll?: boolean;
};

const STAYS = 5000;
let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

export function toast(said: Partial<Toast> & { text: string }): number {
  last += 1;
  const stays = said.stays ?? (said.kind === "bad" ? 2 * STAYS : STAYS);
  show([...toasts, { kind: "info", ...said, id: last, stays }]);
  return last;
}

/** Of one that tells how far something is. */
export function retell(id: number, text: string): void {
  show(toasts.map((one) => (one.id === id ? { ...one, text } : one)));
}

/** `acted` when its action was taken. */
export function dismiss(id: number, acted = false): void {
  const gone = toasts.find((one) => one.id === id);
  if (!gone) return;
  show(toasts.filter((one) => one.id !== id));
  if (acted) gone.action?.run();
  else gone.onGone?.();
}

/** Of the person who left: nobody can act on them any more, and what waited for their end is not to happen either. */
export function forgetToasts(): void {
  show(toasts.filter((one) => one.forAll));
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
}

function show(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}
