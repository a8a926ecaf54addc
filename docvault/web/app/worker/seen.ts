/**
 * What one person has seen of their vault, for when there is no connection. The page says whose cache may be written
 * (`src/shared/api/seen.ts`) and empties it when they sign out or another person signs in; tokens are never stored.
 */
import { PERSON_CACHE, PERSON_KEY, SEEN_BYTES, SEEN_PREFIX } from "../src/shared/api/seen-names";

const KEEPABLE =
  /^\/api\/(?:about|me|usage|models|folders|tags|ingestion|preferences|documents(?:\/[\w-]{36}(?:\/text)?)?|conversations(?:\/[\w-]{36})?)$/;
export const MOST_ENTRIES = 500;
export const MOST_BYTES = 50_000_000;
const LARGEST = 5_000_000; // bytes of one answer
const TIDY_EVERY = 20; // answers

export function keepable(path: string): boolean {
  return KEEPABLE.test(path);
}

export async function seenFirstFromNetwork(event: FetchEvent): Promise<Response> {
  const { request } = event;
  try {
    const answer = await fetch(request);
    const copy = answer.clone();
    event.waitUntil(note(request, copy).catch(() => undefined)); // without room, nothing is kept
    return answer;
  } catch (error) {
    const person = request.signal.aborted ? null : await personOf(request);
    const kept =
      person && (await (await caches.open(SEEN_PREFIX + person)).match(request.url, { ignoreVary: true }));
    if (kept) return kept;
    throw error;
  }
}

/** Whose request this is: the person whom the page named, and nobody where the token says another. */
async function personOf(request: Request): Promise<string | null> {
  const named = await namedPerson();
  const token = request.headers.get("Authorization");
  return token === null || subject(token) === named ? named : null;
}

async function namedPerson(): Promise<string | null> {
  const note = await (await caches.open(PERSON_CACHE)).match(PERSON_KEY);
  return note ? note.text() : null;
}

/** The `sub` of a JWT. It is not verified: whoever is shown the answer was given it by the server. */
export function subject(authorization: string): string | null {
  try {
    const payload = authorization.split(".")[1] ?? "";
    const claims: unknown = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    return (claims as { sub?: string }).sub ?? null;
  } catch {
    return null;
  }
}

async function note(request: Request, answer: Response): Promise<void> {
  const person = await personOf(request);
  if (!person) return;
  const cache = await caches.open(SEEN_PREFIX + person);
  if (answer.status === 404 || answer.status === 410) await cache.delete(request.url, { ignoreVary: true });
  if (answer.status !== 200) return;
  const body = await answer.arrayBuffer();
  if (body.byteLength > LARGEST) return;
  const type = answer.headers.get("Content-Type") ?? "application/json";
  const headers = { "Content-Type": type, [SEEN_BYTES]: String(body.byteLength) };
  await cache.put(request.url, new Response(body, { headers }));
  // They may have signed out while the answer was on its way.
  if ((await namedPerson()) !== person) await caches.delete(SEEN_PREFIX + person);
  else await tidyNowAndThen(cache);
}

let answers = 0;

async function tidyNowAndThen(cache: Cache): Promise<void> {
  answers += 1;
  if (answers % TIDY_EVERY === 1) await bound(cache);
}

/** Drops the oldest: a cache lists what was put last at its end. */
export async function bound(cache: Cache, entries = MOST_ENTRIES, bytes = MOST_BYTES): Promise<void> {
  let left = { entries, bytes };
  for (const request of (await cache.keys()).toReversed()) {
    const size = Number((await cache.match(request))?.headers.get(SEEN_BYTES) ?? 0);
    left = { entries: left.entries - 1, bytes: left.bytes - size };
    if (left.entries < 0 || left.bytes < 0) await cache.delete(request);
  }
}
