/** The API, typed by its own OpenAPI document. Every call resolves to the answer's body or throws a `Problem`. */
import createClient, { type Middleware } from "openapi-fetch";
import { tellReached } from "@/shared/lib/online";
import { asProblem, problemOf } from "./problem";
import type { paths } from "./schema";
import { SEEN_BYTES } from "./seen-names";
import { accessToken, personHere, sessionState, signedOut } from "./session";

/**
 * `fetch` with the person's token; renewed once when the server refuses it. What one person asked never goes out in the
 * name of the next.
 */
export async function authorized(input: Request | string, init?: RequestInit): Promise<Response> {
  const request = new Request(input, { credentials: "same-origin", ...init });
  const again = request.body === null ? request : request.clone();
  const asker = personHere();
  const isGone = () => asker !== null && personHere() !== asker;
  const token = await tokenFor(request);
  const response = await sent(request, isGone() ? null : token);
  if (response.status !== 401 || token === null || (await isAboutPassword(response)) || isGone())
    return response;
  const renewed = await accessToken(token);
  if (renewed === null || isGone()) return response;
  const second = await sent(again, renewed);
  if (second.status === 401 && !isGone()) signedOut();
  return second;
}

/** A wrong password typed by somebody who is signed in refuses what they asked for, not them. */
async function isAboutPassword(response: Response): Promise<boolean> {
  return (await problemOf(response.clone())).code === "invalid_credentials";
}

/** Without a connection a question goes out without a token: the service worker may know the answer. */
async function tokenFor(request: Request): Promise<string | null> {
  try {
    return await accessToken();
  } catch (error) {
    if (request.method === "GET" && asProblem(error).status === 0) return null;
    throw error;
  }
}

async function sent(request: Request, token: string | null): Promise<Response> {
  const headers = new Headers(request.headers);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  try {
    const response = await fetch(new Request(request, { headers }));
    tellReached(!response.headers.has(SEEN_BYTES)); // else the service worker remembered it
    return response;
  } catch (error) {
    if (request.signal.aborted) throw error;
    tellReached(false);
    throw asProblem(error);
  }
}

const problems: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
  },
};

// `fetch` is looked up at each call, so that tests may put another in its place.
export const api = createClient<paths>({ baseUrl: origin(), fetch: (request) => authorized(request) });
api.use(problems);

/** For what needs nobody signed in: registering, logging in, what the start page has to know. */
export const open = createClient<paths>({ baseUrl: origin(), fetch: (request) => sent(request, null) });
open.use(problems);

function origin(): string {
  return typeof location === "undefined" ? "http://localhost" : location.origin;
}

/** The body of a call's answer: `await body(api.GET("/api/me"))`. */
export async function body<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}

export function isSignedIn(): boolean {
  return sessionState().status === "in";
}
