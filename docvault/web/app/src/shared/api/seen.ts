/** What the service worker keeps for one person is theirs alone: it is gone when they leave or another comes. */
import { PERSON_CACHE, PERSON_KEY, SEEN_PREFIX } from "./seen-names";

let known: string | null | undefined;
let work: Promise<unknown> = Promise.resolve();

/** Names the person whose answers may be kept, or nobody. Only browsers' secure contexts have caches. */
export function seenBy(person: string | null): void {
  if (person === known || typeof caches === "undefined") return;
  known = person;
  work = work.then(() => hand(person)).catch(() => undefined);
}

/** Nobody first: an answer that comes while this happens must find that it may not be kept. */
async function hand(person: string | null): Promise<void> {
  const cache = await caches.open(PERSON_CACHE);
  const before = await (await cache.match(PERSON_KEY))?.text();
  if (before !== person) await cache.delete(PERSON_KEY);
  const seen = (await caches.keys()).filter((name) => name.startsWith(SEEN_PREFIX));
  const others = seen.filter((name) => name !== SEEN_PREFIX + person);
  await Promise.all(others.map((name) => caches.delete(name)));
  if (person) await cache.put(PERSON_KEY, new Response(person));
}
