/**
 * The signed-in person. The access token lives in memory only; the refresh token is a cookie that no script can read.
 *
 * A refresh token is good once, so tabs must not use it at the same time: one holds a lock, and tells the others.
 */
import { useSyncExternalStore } from "react";
import { isConnected, onConnection, tellReached } from "@/shared/lib/online";
import { isOwed, owe, settle } from "./owed";
import { asProblem, problemOf } from "./problem";
import type { components } from "./schema";
import { seenBy } from "./seen";

export type User = components["schemas"]["UserView"];
type Tokens = components["schemas"]["TokenView"];

export type Session = { user: User; token: string; expiresAt: number };
/** `unknown` until the first refresh was answered. */
export type SessionState =
  | { status: "unknown" }
  /** `left`: the person signed out. `ended`: the address of the person whose session ended by itself. */
  | { status: "out"; left?: boolean; ended?: string | undefined }
  | { status: "in"; session: Session };

const EARLY = 60_000; // milliseconds before its end at which a token is renewed
const ERRANDS = 3000; // milliseconds for what a person who signs out left to do
const LOCK = "docvault-session";
const PERSON = "docvault.person"; // who was signed in here last; never a token

let state: SessionState = { status: "unknown" };
const listeners = new Set<() => void>();
const farewells = new Set<() => void>();
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(LOCK);

channel?.addEventListener("message", (event: MessageEvent<SessionState>) => become(event.data, false));

export function sessionState(): SessionState {
  return state;
}

export function useSession(): SessionState {
  return useSyncExternalStore(subscribe, sessionState);
}

/** The person signed in. Only for what is shown to signed-in people. */
export function useUser(): User {
  const now = useSession();
  if (now.status !== "in") throw new Error("Nobody is signed in.");
  return now.session.user;
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The id of who is signed in. */
export function personHere(): string | null {
  return state.status === "in" ? state.session.user.id : null;
}

/** `forget` whatever is a person's, each time that one is here no longer: the next must find nothing of theirs. */
export function onPersonGone(forget: () => void): () => void {
  farewells.add(forget);
  return () => farewells.delete(forget);
}

export function signedIn(tokens: Tokens): void {
  const expiresAt = Date.now() + tokens.expires_in * 1000;
  become({ status: "in", session: { user: tokens.user, token: tokens.access_token, expiresAt } });
}

/**
 * Signs in by what `ask` gets. Nothing else may change who is here meanwhile: an answer about the cookie that was here
 * before would be taken for the newer one.
 */
export async function enterBy(ask: () => Promise<Tokens>): Promise<void> {
  await settleOwed(); // a new session must not hide one that is still to be ended
  await exclusively(async () => signedIn(await ask()));
}

/** The session ended by itself. */
export function signedOut(): void {
  if (state.status !== "out") become({ status: "out", ended: remembered()?.email });
}

/** There is no account any more, so nothing is to be ended on the server. */
export function accountGone(): void {
  become({ status: "out", left: true });
  forgetHere();
}

type Errand = () => Promise<unknown> | undefined;
const errands = new Set<Errand>();

/** What is to be sent before a person signs out, for afterwards there is no token for it. Undefined: nothing waits. */
export function beforeSignOut(errand: Errand): void {
  errands.add(errand);
}

/**
 * Ends the session here at once, or when what was left to do is done, and on the server, or all of them there, as soon
 * as it can be reached.
 */
export async function signOut(everywhere = false): Promise<void> {
  const leaving = personHere();
  const left = [...errands].flatMap((errand) => errand() ?? []);
  if (left.length) await Promise.race([Promise.allSettled(left), pause(ERRANDS)]);
  if (personHere() !== leaving) return; // gone meanwhile, as in another tab
  const token = state.status === "in" ? state.session.token : "";
  owe(everywhere); // first: a page that dies in between must not sign in again by its cookie
  become({ status: "out", left: true });
  forgetHere();
  await settleOwed(token).catch(() => undefined); // the sign-in page says so, and it is tried again
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Ends on the server what was ended here. To be awaited before anybody signs in. Throws a `Problem`. */
export async function settleOwed(token = ""): Promise<void> {
  if (isOwed()) await exclusively(() => settle(token));
}

const AGAIN = 10_000; // milliseconds

/** As long as the page is open. */
export function keepSettling(): void {
  const now = () => void settleOwed().catch(() => undefined);
  onConnection(() => isConnected() && now());
  setInterval(() => navigator.onLine && now(), AGAIN);
}

/** The names of what was being uploaded, drafts and places are nobody else's business. */
function forgetHere(): void {
  for (const key of Object.keys(localStorage))
    if (key.startsWith("docvault.uploads.")) localStorage.removeItem(key);
  sessionStorage.clear();
}

/** The person changed their own account. */
export function userChanged(user: User): void {
  if (state.status === "in") become({ status: "in", session: { ...state.session, user } });
}

/**
 * A token that is good for a while, or null when nobody is signed in. `refused` is one that the server did not take.
 * Throws a `Problem` when the server cannot be asked.
 */
export async function accessToken(refused?: string): Promise<string | null> {
  const good = current(refused);
  if (good !== undefined) return good;
  return exclusively(async () => {
    const meanwhile = current(refused);
    return meanwhile === undefined ? refresh() : meanwhile;
  });
}

/** Undefined when it has to be asked for. */
function current(refused?: string): string | null | undefined {
  if (state.status === "out") return null;
  if (state.status !== "in" || state.session.token === refused) return undefined;
  return state.session.expiresAt - EARLY > Date.now() ? state.session.token : undefined;
}

async function refresh(): Promise<string | null> {
  if (isOwed()) return stayOut();
  let response: Response;
  try {
    response = await fetch("/api/auth/refresh", { method: "POST", credentials: "same-origin" });
  } catch (error) {
    tellReached(false);
    throw asProblem(error);
  }
  tellReached(true);
  if (response.status === 401) {
    signedOut();
    return null;
  }
  if (!response.ok) throw await problemOf(response);
  const tokens = (await response.json()) as Tokens;
  if (isOwed()) return null; // signed out while the answer was on its way
  signedIn(tokens);
  return tokens.access_token;
}

/** The cookie may still sign in who signed out without a connection. */
async function stayOut(): Promise<null> {
  if (state.status !== "out") become({ status: "out", left: true });
  await settle("").catch(() => undefined);
  return null;
}

/**
 * Whether somebody is signed in, asking the server where it is not known yet. Without a connection the person who was
 * signed in here last is: they may look at what this browser kept, and nothing else can be had without a token.
 */
export async function isInside(): Promise<boolean> {
  try {
    return (await accessToken()) !== null;
  } catch (error) {
    const user = remembered();
    if (asProblem(error).status !== 0 || user === null) throw error;
    if (state.status === "unknown")
      become({ status: "in", session: { user, token: "", expiresAt: 0 } }, false);
    return true;
  }
}

function remembered(): User | null {
  try {
    return JSON.parse(localStorage.getItem(PERSON) ?? "null") as User | null;
  } catch {
    return null;
  }
}

let alone: Promise<unknown> = Promise.resolve();

/** One at a time in all tabs, or, where the browser has no locks (plain http on another host), in this one. */
function exclusively<T>(work: () => Promise<T>): Promise<T> {
  if (navigator.locks) return navigator.locks.request(LOCK, work) as Promise<T>;
  const next = alone.then(work, work);
  alone = next.catch(() => undefined);
  return next;
}

function become(next: SessionState, tell = true): void {
  const before = personHere();
  state = next;
  if (next.status === "in") localStorage.setItem(PERSON, JSON.stringify(next.session.user));
  if (next.status === "out") localStorage.removeItem(PERSON);
  if (next.status !== "unknown") seenBy(next.status === "in" ? next.session.user.id : null);
  if (tell) channel?.postMessage(next);
  if (before !== null && before !== personHere()) for (const forget of farewells) forget();
  for (const listener of listeners) listener();
}
