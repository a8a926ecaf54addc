/** The uploads of this page: a few at a time, and going on by themselves when the connection is back. */
import { useSyncExternalStore } from "react";
import { asProblem, OFFLINE } from "@/shared/api/problem";
import { isConnected, onConnection } from "@/shared/lib/online";
import { problemText } from "@/shared/lib/problem-text";
import { tellUnsent } from "@/shared/lib/unsent";
import { Bundles } from "./bundles";
import type { Found } from "./dropped";
import { Kept } from "./kept";
import {
  type Failure,
  type Item,
  isOver,
  type Most,
  marksOf,
  newItem,
  SMALL,
  Speed,
  type Totals,
  totals,
} from "./model";
import { forget, type Sending, send } from "./transport";

const AT_ONCE = 4; // requests; browsers allow a few more to one server, and the page has questions of its own
const BUNDLES_AT_ONCE = 2;
const MANY = 1000; // files, from which on everything is shown and kept less often
const SHOW_EVERY = { few: 100, many: 400 }; // milliseconds between two pictures of progress
const KEEP_AFTER = { few: 500, many: 5000 };

/** Thousands of files change a few times each: items change in place by id, and are shown together now and then. */
export class Queue {
  private readonly items = new Map<string, Item>();
  private readonly waiting: string[] = [];
  private readonly files = new Map<string, File>();
  private readonly running = new Map<string, Sending>();
  private readonly listeners = new Set<() => void>();
  private readonly speed = new Speed();
  private readonly kept: Kept;
  private readonly bundles: Bundles;
  private picture: readonly Item[] = [];
  /** What the picture comes to. */
  sum: Totals = totals([]);
  private shown: ReturnType<typeof setTimeout> | undefined;
  private keeping: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  /** `most`: what the server takes in one request, as far as that is known. */
  constructor(owner: string, most: () => Partial<Most> = () => ({})) {
    this.kept = new Kept(owner);
    const host = {
      item: (id: string) => this.items.get(id),
      file: (id: string) => this.files.get(id),
      change: (id: string, change: Partial<Item>) => this.change(id, change),
      over: (id: string, change: Partial<Item>) => this.over(id, change),
      failed: (id: string, error: unknown) => this.change(id, outcome(error)),
      next: () => this.fill(),
    };
    this.bundles = new Bundles(host, most);
  }

  /** Until the returned function is called. What is on its way then stops, and can be gone on with. */
  start(): () => void {
    this.closed = false;
    const leaving = new AbortController();
    void this.kept.restored().then((items) => !leaving.signal.aborted && this.put(items));
    window.addEventListener("pagehide", () => this.keep(), { signal: leaving.signal });
    const deaf = onConnection(() => isConnected() && this.resume());
    return () => {
      leaving.abort();
      deaf();
      this.close();
    };
  }

  /** Nothing of it may be sent, told or kept from here on: somebody else may be signed in by then. */
  private close(): void {
    this.closed = true;
    clearTimeout(this.shown);
    clearTimeout(this.keeping);
    this.shown = this.keeping = undefined;
    for (const sending of this.running.values()) sending.stop(false);
    this.running.clear();
    this.bundles.stopAll();
    tellUnsent(0);
  }

  readonly snapshot = (): readonly Item[] => this.picture;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Bytes a second, all files together. */
  pace(): number {
    return this.speed.get(performance.now());
  }

  /** `refusal` says why a file is not even sent. A file that was interrupted goes on where it was. */
  add(found: readonly Found[], tags: string[], refusal: (file: File) => Failure | null): void {
    if (this.closed) return; // a dropped folder is still walked through
    const interrupted = new Map<string, Item>();
    for (const item of this.items.values())
      if (item.stage === "interrupted") interrupted.set(marksOf(item, item.folder), item);
    for (const { file, folder } of found) {
      const marks = marksOf(file, folder);
      const item = interrupted.get(marks) ?? newItem(file, folder, tags, refusal(file));
      interrupted.delete(marks);
      this.items.set(item.id, item);
      if (item.stage === "refused") continue;
      this.files.set(item.id, file);
      this.wait(item.id);
    }
    this.fill();
    this.show();
  }

  cancel(id: string): void {
    this.drop(id);
    this.fill();
    this.show();
  }

  cancelAll(): void {
    for (const item of this.items.values())
      if (!isOver(item) || item.stage === "interrupted") this.drop(item.id);
    this.show();
  }

  retry(id: string): void {
    if (!this.files.has(id)) return;
    this.wait(id);
    this.fill();
    this.show();
  }

  retryAll(): void {
    for (const item of this.items.values()) if (item.stage === "failed") this.wait(item.id);
    this.fill();
    this.show();
  }

  /** Takes out of sight what is over. */
  clear(): void {
    for (const item of this.items.values()) if (isOver(item)) this.items.delete(item.id);
    this.show();
  }

  private put(items: readonly Item[]): void {
    for (const item of items) this.items.set(item.id, item);
    if (items.length) this.show();
  }

  private resume(): void {
    for (const item of this.items.values()) if (item.stage === "held") this.wait(item.id);
    this.fill();
  }

  private wait(id: string): void {
    this.change(id, { stage: "waiting", failure: null });
    const item = this.items.get(id);
    if (item && item.size <= SMALL && item.url === null) this.bundles.wait(id);
    else this.waiting.push(id);
  }

  private drop(id: string): void {
    const sending = this.running.get(id);
    const url = this.items.get(id)?.url;
    this.running.delete(id);
    if (sending) sending.stop(true);
    else if (!this.bundles.drop(id) && url) forget(url);
    this.files.delete(id);
    this.change(id, { stage: "cancelled" });
  }

  private fill(): void {
    while (this.bundles.size < BUNDLES_AT_ONCE) if (!this.bundles.begin()) break;
    while (this.running.size + this.bundles.size < AT_ONCE) {
      const id = this.waiting.shift();
      if (id === undefined) return;
      const item = this.items.get(id);
      if (item?.stage === "waiting") this.begin(item);
    }
  }

  private begin(item: Item): void {
    const { id, folder, tags, url } = item;
    const file = this.files.get(id);
    if (!file) {
      this.change(id, { stage: "interrupted" });
      return;
    }
    const sending = send(
      { file, folder, tags, url },
      {
        progress: (sent) => this.change(id, { sent, failure: null }),
        url: (given) => this.change(id, { url: given }),
        again: (problem) => this.change(id, { failure: problemText(problem) }),
      },
    );
    this.running.set(id, sending);
    this.change(id, { stage: "sending" });
    sending.done.then(
      ({ documentId, duplicate }) => {
        const stage = duplicate ? "duplicate" : "done";
        const sent = file.size;
        this.ended(id, sending, { stage, documentId: documentId || null, sent, url: null, failure: null });
      },
      (error: unknown) => this.ended(id, sending, outcome(error)),
    );
  }

  private ended(id: string, sending: Sending, change: Partial<Item>): void {
    if (this.running.get(id) !== sending) return; // cancelled meanwhile
    this.running.delete(id);
    this.over(id, change);
    this.fill();
  }

  /** Of what failed the file is needed for another try. */
  private over(id: string, change: Partial<Item>): void {
    if (change.stage === "done" || change.stage === "duplicate") this.files.delete(id);
    this.change(id, change);
  }

  private change(id: string, change: Partial<Item>): void {
    const item = this.items.get(id);
    if (!item || item.stage === "cancelled") return;
    this.items.set(id, { ...item, ...change });
    this.shown ??= setTimeout(() => this.show(), SHOW_EVERY[this.bulk()]);
  }

  private show(): void {
    clearTimeout(this.shown);
    this.shown = undefined;
    if (this.closed) return;
    this.picture = [...this.items.values()];
    this.sum = totals(this.picture);
    const { active, sent } = this.sum;
    tellUnsent(active);
    if (active === 0) this.speed.reset();
    else this.speed.add(performance.now(), sent);
    for (const listener of this.listeners) listener();
    this.keeping ??= setTimeout(() => this.keep(), KEEP_AFTER[this.bulk()]);
  }

  private bulk(): "few" | "many" {
    return this.items.size > MANY ? "many" : "few";
  }

  private keep(): void {
    clearTimeout(this.keeping);
    this.keeping = undefined;
    const items = [...this.items.values()];
    this.kept.write(items.filter((item) => !isOver(item) || item.stage === "interrupted"));
  }
}

/** Nobody has to say "try again" for a connection that went away. */
function outcome(error: unknown): Partial<Item> {
  const problem = asProblem(error);
  if (problem.code === OFFLINE && !isConnected()) return { stage: "held", failure: null };
  return { stage: "failed", failure: problemText(problem) };
}

export function useItems(queue: Queue): readonly Item[] {
  return useSyncExternalStore(queue.subscribe, queue.snapshot);
}
