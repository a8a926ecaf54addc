/** The uploads of this page: a few at a time, and going on by themselves when the connection is back. */
import { useSyncExternalStore } from "react";
import { asProblem, OFFLINE } from "@/shared/api/problem";
import { isConnected, onConnection } from "@/shared/lib/online";
import { problemText } from "@/shared/lib/problem-text";
import type { Found } from "./dropped";
import { Kept } from "./kept";
import { type Failure, type Item, isOver, isSame, newItem, Speed, totals } from "./model";
import { forget, type Sending, send } from "./transport";

const AT_ONCE = 4;
const SHOW_EVERY = 100; // milliseconds between two pictures of progress
const KEEP_AFTER = 500;

/** Thousands of files change a few times each: items change in place by id, and are shown together now and then. */
export class Queue {
  private readonly items = new Map<string, Item>();
  private readonly waiting: string[] = [];
  private readonly files = new Map<string, File>();
  private readonly running = new Map<string, Sending>();
  private readonly listeners = new Set<() => void>();
  private readonly speed = new Speed();
  private readonly kept: Kept;
  private picture: readonly Item[] = [];
  private shown: ReturnType<typeof setTimeout> | undefined;
  private keeping: ReturnType<typeof setTimeout> | undefined;

  constructor(owner: string) {
    this.kept = new Kept(owner);
  }

  /** Until the returned function is called. What is on its way then stops, and can be gone on with. */
  start(): () => void {
    const leaving = new AbortController();
    void this.kept.restored().then((items) => !leaving.signal.aborted && this.put(items));
    window.addEventListener("pagehide", () => this.keep(), { signal: leaving.signal });
    const deaf = onConnection(() => isConnected() && this.resume());
    return () => {
      leaving.abort();
      deaf();
      clearTimeout(this.keeping);
      for (const sending of this.running.values()) sending.stop(false);
      this.running.clear();
    };
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
    const interrupted = [...this.items.values()].filter((item) => item.stage === "interrupted");
    for (const { file, folder } of found) {
      const before = interrupted.findIndex((item) => isSame(item, file, folder));
      const [item] =
        before < 0 ? [newItem(file, folder, tags, refusal(file))] : interrupted.splice(before, 1);
      if (!item) continue;
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
    this.waiting.push(id);
  }

  private drop(id: string): void {
    const sending = this.running.get(id);
    const url = this.items.get(id)?.url;
    this.running.delete(id);
    if (sending) sending.stop(true);
    else if (url) forget(url);
    this.files.delete(id);
    this.change(id, { stage: "cancelled" });
  }

  private fill(): void {
    while (this.running.size < AT_ONCE) {
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
        this.files.delete(id);
      },
      (error: unknown) => this.ended(id, sending, outcome(error)),
    );
  }

  private ended(id: string, sending: Sending, change: Partial<Item>): void {
    if (this.running.get(id) !== sending) return; // cancelled meanwhile
    this.running.delete(id);
    this.change(id, change);
    this.fill();
  }

  private change(id: string, change: Partial<Item>): void {
    const item = this.items.get(id);
    if (!item || item.stage === "cancelled") return;
    this.items.set(id, { ...item, ...change });
    this.shown ??= setTimeout(() => this.show(), SHOW_EVERY);
  }

  private show(): void {
    clearTimeout(this.shown);
    this.shown = undefined;
    this.picture = [...this.items.values()];
    const { active, sent } = totals(this.picture);
    if (active === 0) this.speed.reset();
    else this.speed.add(performance.now(), sent);
    for (const listener of this.listeners) listener();
    this.keeping ??= setTimeout(() => this.keep(), KEEP_AFTER);
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
