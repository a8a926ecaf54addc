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

/** `failure` says why it is not even sent. */
export function newItem(file: File, folder: string, tags: string[], failure: Failure | null): Item {
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

const OVER: readonly Stage[] = ["done", "duplicate", "failed", "refused", "cancelled", "interrupted"];

export function isOver(item: Item): boolean {
  return OVER.includes(item.stage);
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

/** The same file of the same disk, as far as a page can tell. */
export function isSame(item: Item, file: File, folder: string): boolean {
  const alike = item.name === file.name && item.size === file.size && item.lastModified === file.lastModified;
  return alike && item.folder === folder;
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
