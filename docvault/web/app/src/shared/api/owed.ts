/**
 * A sign-out that the server has not heard of. The refresh cookie is out of a script's reach, so without a connection
 * only the page can forget the person; a note (no secret) says that the session is still to be ended.
 */
import { useSyncExternalStore } from "react";
import { tellReached } from "@/shared/lib/online";
import { asProblem, problemOf } from "./problem";

const OWED = "docvault.sign-out-owed";
type Which = "this" | "all";

const listeners = new Set<() => void>();

export function owe(everywhere: boolean): void {
  localStorage.setItem(OWED, (everywhere ? "all" : "this") satisfies Which);
  tell();
}

export function isOwed(): boolean {
  return typeof localStorage !== "undefined" && localStorage.getItem(OWED) !== null;
}

export function useIsOwed(): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    window.addEventListener("storage", listener);
    return () => {
      listeners.delete(listener);
      window.removeEventListener("storage", listener);
    };
  }, isOwed);
}

/**
 * Ends the session of `token`, or of the cookie where that is gone or refused. One tab at a time.
 * Throws a `Problem` when the server cannot do it now; it is owed still then.
 */
export async function settle(token: string): Promise<void> {
  if (!isOwed()) return; // another tab was faster
  if (!token || !(await logOut(token))) {
    const fresh = await tokenOfCookie();
    if (fresh !== null) await logOut(fresh);
  }
  localStorage.removeItem(OWED);
  tell();
}

/** False when the token is not good any more. */
async function logOut(token: string): Promise<boolean> {
  const everywhere = localStorage.getItem(OWED) === ("all" satisfies Which);
  const response = await post(`/api/auth/logout?everywhere=${everywhere}`, {
    Authorization: `Bearer ${token}`,
  });
  return response.ok;
}

/** Null when the cookie signs nobody in. */
async function tokenOfCookie(): Promise<string | null> {
  const response = await post("/api/auth/refresh", {});
  return response.ok ? ((await response.json()) as { access_token: string }).access_token : null;
}

/** Whatever is no failure of the server: what it refuses has ended already. */
async function post(path: string, headers: Record<string, string>): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { method: "POST", credentials: "same-origin", headers });
  } catch (error) {
    tellReached(false);
    throw asProblem(error);
  }
  tellReached(true);
  if (response.status >= 500 || response.status === 429) throw await problemOf(response);
  return response;
}

function tell(): void {
  for (const listener of listeners) listener();
}
