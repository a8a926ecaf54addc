/** The page itself. One cache a version, so that no page is ever put together from two. */
declare const __VERSION__: string;
declare const __ASSETS__: string[];

export const VERSION = __VERSION__;
const PREFIX = "docvault-shell-";
const CACHE = PREFIX + VERSION;
const INDEX = "/index.html";
const BESIDE = ["/icon.svg", "/manifest.webmanifest"];

/** Fails, and is tried again with the next visit, when the server has another version than this worker by now. */
export async function install(): Promise<void> {
  const index = await fetch(INDEX, { cache: "no-cache" });
  if (!index.ok || !(await index.clone().text()).includes(`data-version="${VERSION}"`))
    throw new Error("The page and its worker are not of one version.");
  const cache = await caches.open(CACHE);
  await cache.addAll([...__ASSETS__, ...BESIDE]);
  await cache.put(INDEX, index);
}

/** Keeps the version before this one, for pages that are still open and have not fetched all their parts. */
export async function tidy(): Promise<void> {
  const before = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(before.slice(0, -1).map((name) => caches.delete(name)));
}

/** The server's own page as long as it can be reached: a reload always gives the newest. */
export async function navigation(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    const shell = await (await caches.open(CACHE)).match(INDEX);
    if (shell) return shell;
    throw error;
  }
}

export function isAsset(path: string): boolean {
  return path.startsWith("/assets/") || BESIDE.includes(path);
}

/** Names below `/assets/` carry what is in them, so that whichever cache has one has the right one. */
export async function asset(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const kept = await caches.match(pathname, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.status === 200) await keep(pathname, answer.clone());
  return answer;
}

async function keep(path: string, answer: Response): Promise<void> {
  try {
    await (await caches.open(CACHE)).put(path, answer);
  } catch {
    // The disk is full: the page goes on without.
  }
}
