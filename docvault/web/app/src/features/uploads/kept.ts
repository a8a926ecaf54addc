/**
 * Open uploads over reloads, without the files, which a page cannot keep. Each tab keeps its own under its own name,
 * for another tab's are still on their way; what a closed tab left, the next one takes over.
 */
import { type Item, newItem } from "./model";

const KEPT = "docvault.uploads.";
const TAB = "docvault.uploads-tab";
const MOST = 10_000; // entries of some 100 characters; browsers keep a few megabytes for a site
const PATIENCE = 500; // milliseconds in which a page that was just reloaded lets its name go

export class Kept {
  private key: string | undefined;

  /** `owner`: each person's uploads are their own, also in one browser. */
  constructor(private readonly owner: string) {}

  /** What was open when this tab was loaded last, and what tabs left that are closed now. */
  async restored(): Promise<Item[]> {
    const tab = await tabName();
    const prefix = `${KEPT}${this.owner}.`;
    this.key = prefix + tab;
    const items: Item[] = [];
    for (const key of Object.keys(localStorage).filter((one) => one.startsWith(prefix))) {
      if (key !== this.key && !(await isClosed(key.slice(prefix.length)))) continue;
      items.push(...read(key));
      if (key !== this.key) localStorage.removeItem(key);
    }
    return items;
  }

  write(open: readonly Item[]): void {
    if (!this.key) return;
    try {
      if (open.length) localStorage.setItem(this.key, JSON.stringify(open.slice(0, MOST).map(packed)));
      else localStorage.removeItem(this.key);
    } catch {
      // A full store costs the uploads their memory, not their way.
    }
  }
}

function read(key: string): Item[] {
  try {
    return (JSON.parse(localStorage.getItem(key) ?? "[]") as Packed[]).map(unpacked);
  } catch {
    return [];
  }
}

type Packed = Pick<Item, "name" | "size" | "lastModified"> &
  Partial<Pick<Item, "folder" | "tags" | "sent" | "url">>;

function packed({ name, size, lastModified, folder, tags, sent, url }: Item): Packed {
  const known: Packed = { name, size, lastModified };
  if (folder) known.folder = folder;
  if (tags.length) known.tags = tags;
  if (url) Object.assign(known, { url, sent }); // else nothing of it is kept anywhere
  return known;
}

function unpacked({ name, size, lastModified, folder = "", tags = [], sent = 0, url = null }: Packed): Item {
  const item = { ...newItem({ name, size, lastModified }, folder, tags, null), sent, url };
  return { ...item, stage: "interrupted" };
}

let name: Promise<string> | undefined;

/** The same after a reload; another in a tab that was duplicated. */
function tabName(): Promise<string> {
  name ??= (async () => {
    const before = sessionStorage.getItem(TAB);
    if (before && (await hold(before))) return before;
    const fresh = String(Math.random()).slice(2);
    await hold(fresh);
    sessionStorage.setItem(TAB, fresh);
    return fresh;
  })();
  return name;
}

/** As long as the page lives. Where the browser has no locks (plain http on another host), a name is taken as good. */
function hold(tab: string): Promise<boolean> {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(PATIENCE);
    const forever = () => {
      resolve(true);
      return new Promise(() => undefined);
    };
    navigator.locks.request(TAB + tab, { signal }, forever).catch(() => resolve(false));
  });
}

async function isClosed(tab: string): Promise<boolean> {
  if (!navigator.locks) return false;
  return navigator.locks.request(TAB + tab, { ifAvailable: true }, (lock) => lock !== null);
}
