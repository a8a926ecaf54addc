/** An upload queue as plain data: what each file is at, and what the whole comes to. No browser in here. */

export type Stage =
  | "waiting"
  | "sending"
  | "held" // there is no connection; goes on by itself
  | "done"
  | "duplicate" // the same bytes were there already
  | "failed"
  | "refused" // never sent: over a limit
  | "interrupted" // the page was reloaded in between: the file has to be chosen again
  | "cancelled";

export type Failure = { text: string; hint: string | null };

export type Item = {
  id: string;
  name: string;
  folder: string;
  tags: string[];
  size: number;
  lastModified: number;
  stage: Stage;
  sent: number;
  /** Address of the upload on the server, where it can be gone on with. */
  url: string | null;
  documentId: string | null;
  failure: Failure | null;
};

type FileMarks = { name: string; size: number; lastModified: number };

/** `failure` says why it is not even sent. */
export function newItem(file: FileMarks, folder: string, tags: string[], failure: Failure | null): Item {
  return {
    id: String(Math.random()).slice(2),
    name: file.name,
    folder,
    tags,
    size: file.size,
    lastModified: file.lastModified,
    stage: failure ? "refused" : "waiting",
    sent: 0,
    url: null,
    documentId: null,
    failure,
  };
}

export type Totals = {
  files: number;
  finished: number;
  failed: number;
  interrupted: number;
  active: number;
  bytes: number;
  sent: number;
};

const OVER = new Set<Stage>(["done", "duplicate", "failed", "refused", "cancelled", "interrupted"]);

export function isOver(item: Item): boolean {
  return OVER.has(item.stage);
}

/** Of what was not cancelled. Files that failed count as bytes that need no more time. */
export function totals(items: readonly Item[]): Totals {
  const all: Totals = { files: 0, finished: 0, failed: 0, interrupted: 0, active: 0, bytes: 0, sent: 0 };
  for (const item of items) {
    if (item.stage === "cancelled") continue;
    all.files += 1;
    if (item.stage === "done" || item.stage === "duplicate") all.finished += 1;
    else if (item.stage === "failed" || item.stage === "refused") all.failed += 1;
    else if (item.stage === "interrupted") all.interrupted += 1;
    else all.active += 1;
    if (isOver(item) && item.stage !== "done" && item.stage !== "duplicate") continue;
    all.bytes += item.size;
    all.sent += item.stage === "done" || item.stage === "duplicate" ? item.size : item.sent;
  }
  return all;
}

/** The same file of the same disk has the same, as far as a page can tell. */
export function marksOf(file: FileMarks, folder: string): string {
  return [folder, file.name, file.size, file.lastModified].join("/");
}

/** Files of at most this many bytes share requests; a larger one goes by itself, and can be gone on with. */
export const SMALL = 1024 * 1024;

export type Most = { files: number; bytes: number };

/**
 * Takes out of `waiting` (ids, in their order) what may go in one request: files for one folder with the same tags, no
 * two of one name, for of these each is a newer version of the one before. `taken` names those on their way already.
 */
export function gather(
  waiting: string[],
  itemOf: (id: string) => Item | undefined,
  most: Most,
  taken: Set<string>,
) {
  const chosen: Item[] = [];
  const names = new Set(taken);
  const left: string[] = [];
  let bytes = 0;
  let at = 0;
  for (; at < waiting.length && at < AHEAD && chosen.length < most.files; at += 1) {
    const item = itemOf(waiting[at] ?? "");
    if (item?.stage !== "waiting") continue;
    const first = chosen[0] ?? item;
    const fits = chosen.length === 0 || bytes + item.size <= most.bytes;
    const alike = item.folder === first.folder && item.tags.join() === first.tags.join();
    if (fits && alike && !names.has(nameOf(item))) {
      chosen.push(item);
      names.add(nameOf(item));
      bytes += item.size;
    } else left.push(item.id);
  }
  waiting.splice(0, at, ...left);
  return chosen;
}

const AHEAD = 2000; // how many waiting files are looked through for one request

export function nameOf({ folder, name }: Item): string {
  return `${folder}/${name}`;
}

/** Of the first `sent` bytes of a request of `total`, how many are of each file: each has its share of the frame. */
export function shares(sent: number, total: number, sizes: readonly number[]): number[] {
  const frame = (total - sizes.reduce((sum, size) => sum + size, 0)) / sizes.length;
  let before = 0;
  return sizes.map((size) => {
    const here = Math.max(0, Math.min(size, Math.round(sent - before - frame)));
    before += size + frame;
    return here;
  });
}

const WINDOW = 5000; // milliseconds

/** Bytes a second over the last seconds. */
export class Speed {
  private readonly points: { at: number; bytes: number }[] = [];

  add(at: number, bytes: number): void {
    this.points.push({ at, bytes });
    while (this.points.length > 2 && at - (this.points[0]?.at ?? at) > WINDOW) this.points.shift();
  }

  get(now: number): number {
    const first = this.points[0];
    const last = this.points.at(-1);
    if (!first || !last || last.at <= first.at || now - last.at > WINDOW) return 0;
    return ((last.bytes - first.bytes) / (now - first.at)) * 1000;
  }

  reset(): void {
    this.points.length = 0;
  }
}

const LITTER = /^(?:\.DS_Store|Thumbs\.db|desktop\.ini|\._.*|~\$.*|\.~lock\..*#)$/i;

/** What file managers and office programs leave behind, and nobody means to keep. */
export function isLitter(name: string): boolean {
  return LITTER.test(name);
}

/** `a` and `b/c.txt` make `a/b`: where a file of a dropped folder belongs. */
export function folderOf(base: string, relativePath: string): string {
  const inner = relativePath.split("/").slice(0, -1);
  return [...base.split("/"), ...inner].filter(Boolean).join("/");
}
