/** Whether there is a connection, as the browser knows it and as the last requests found it. */
import { useSyncExternalStore } from "react";

export type Connection = "there" | "offline" | "unreachable";

let reached = true;
const listeners = new Set<() => void>();

/** Told after every request: whether the server itself answered. */
export function tellReached(now: boolean): void {
  if (now === reached) return;
  reached = now;
  for (const listener of listeners) listener();
}

/** Hears of every change until the returned function is called. */
export function onConnection(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("online", listener);
  window.addEventListener("offline", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("online", listener);
    window.removeEventListener("offline", listener);
  };
}

function connection(): Connection {
  if (!navigator.onLine) return "offline";
  return reached ? "there" : "unreachable";
}

export function useConnection(): Connection {
  return useSyncExternalStore(onConnection, connection);
}

export function isConnected(): boolean {
  return connection() === "there";
}

export function useOnline(): boolean {
  return useConnection() === "there";
}
