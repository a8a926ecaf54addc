/**
 * Parts of the page are fetched when they are needed. After a deploy, an open page may ask for one that is gone: then it
 * is loaded anew, once, for what the server has by now belongs together. One that cannot be fetched for another reason
 * is said to be missing, where it would have been.
 */
const RELOADED = "docvault.reloaded"; // the version for which this tab was loaded anew
const missing = new WeakSet<Error>();

export function watchParts(): void {
  window.addEventListener("vite:preloadError", ({ payload }) => {
    missing.add(payload);
    void reloadIfNewer();
  });
}

/** For the router, which would load the page anew for every part that is missing, also while the server is away. */
export function asPart(error: unknown): never {
  throw new Error("A part of the page could not be fetched.", { cause: error });
}

export function isMissing(error: Error): boolean {
  return missing.has(error) || (error.cause instanceof Error && missing.has(error.cause));
}

/** What failed to be fetched stays failed in this page, so that trying again means a new one. */
export async function loadAnew(): Promise<void> {
  if (await servedVersion()) location.reload();
}

async function reloadIfNewer(): Promise<void> {
  const served = await servedVersion();
  if (!served || served === document.documentElement.dataset.version) return;
  if (sessionStorage.getItem(RELOADED) === served) return;
  sessionStorage.setItem(RELOADED, served);
  location.reload();
}

/** Undefined when the server cannot be reached. */
async function servedVersion(): Promise<string | undefined> {
  try {
    const answer = await fetch("/index.html", { cache: "no-store" });
    return /data-version="([^"]+)"/.exec(await answer.text())?.[1];
  } catch {
    return undefined;
  }
}
