/** The uploads of this page: a few at a time, kept over reloads as far as a browser lets them. */
import { useSyncExternalStore } from "react";
import { asProblem } from "@/shared/api/problem";
import { problemText } from "@/shared/lib/problem-text";
import type { Found } from "./dropped";
import { type Failure, type Item, isOver, isSame, Speed, totals } from "./model";
import { type Sending, send } from "./transport";

const AT_ONCE = 4;
const KEPT = "docvault.uploads.";
const SHOW_EVERY = 100; // milliseconds between two pictures of progress
const KEEP_AFTER = 500;

export class Queue {
  private items: readonly Item[] = [];
  private readonly files = new Map<string, File>();
  private readonly running = new Map<string, Sending>();
  private readonly listeners = new Set<() => void>();
  private readonly speed = new Speed();
  private shown: ReturnType<typeof setTimeout> | undefined;
  private keeping: ReturnType<typeof setTimeout> | undefined;

  /** `owner`: each person's queue is their own, also in one browser. */
  constructor(private readonly owner: string) {
    this.items = this.restored();
  }

  readonly snapshot = (): readonly Item[] => this.items;

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
    const fresh: Item[] = [];
    for (const { file, folder } of found) {
      const before = this.items.find((item) => item.stage === "interrupted" && isSame(item, file, folder));
      if (before) {
        this.files.set(before.id, file);
        this.change(before.id, { stage: "waiting" });
        continue;
      }
      const failure = refusal(file);
      const item: Item = {
        id: crypto.randomUUID?.() ?? String(Math.random()),
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
      if (!failure) this.files.set(item.id, file);
      fresh.push(item);
    }
    this.become([...this.items, ...fresh]);
    this.fill();
  }

  cancel(id: string): void {
    const sending = this.running.get(id);
    this.running.delete(id);
    sending?.stop(true);
    this.files.delete(id);
    this.change(id, { stage: "cancelled" });
    this.fill();
  }

  cancelAll(): void {
    for (const item of this.items) if (!isOver(item) || item.stage === "interrupted") this.cancel(item.id);
  }

  retry(id: string): void {
    if (!this.files.has(id)) return;
    this.change(id, { stage: "waiting", failure: null });
    this.fill();
  }

  retryAll(): void {
    for (const item of this.items) if (item.stage === "failed") this.retry(item.id);
  }

  /** Takes out of sight what is over. */
  clear(): void {
    this.become(this.items.filter((item) => !isOver(item)));
  }

  stopAll(): void {
    for (const sending of this.running.values()) sending.stop(false);
    this.running.clear();
  }

  private fill(): void {
    for (const item of this.items) {
      if (this.running.size >= AT_ONCE) return;
      if (item.stage === "waiting") this.begin(item);
    }
  }

  private begin(item: Item): void {
    const file = this.files.get(item.id);
    if (!file) {
      this.change(item.id, { stage: "interrupted" });
      return;
    }
    const sending = send(
      { file, folder: item.folder, tags: item.tags, url: item.url },
      (sent) => this.progress(item.id, sent),
      (url) => this.change(item.id, { url }),
    );
    this.running.set(item.id, sending);
    this.change(item.id, { stage: "sending" });
    sending.done.then(
      ({ documentId, duplicate }) => {
        const stage = duplicate ? "duplicate" : "done";
        this.ended(item.id, sending, { stage, documentId: documentId || null, sent: file.size, url: null });
        this.files.delete(item.id);
      },
      (error: unknown) => {
        this.ended(item.id, sending, { stage: "failed", failure: problemText(asProblem(error)) });
      },
    );
  }

  private ended(id: string, sending: Sending, change: Partial<Item>): void {
    if (this.running.get(id) !== sending) return; // cancelled meanwhile
    this.running.delete(id);
    this.change(id, change);
    this.fill();
  }

  private progress(id: string, sent: number): void {
    this.items = this.items.map((item) => (item.id === id ? { ...item, sent } : item));
    this.shown ??= setTimeout(() => {
      this.shown = undefined;
      this.become(this.items);
    }, SHOW_EVERY);
  }

  private change(id: string, change: Partial<Item>): void {
    this.become(this.items.map((item) => (item.id === id ? { ...item, ...change } : item)));
  }

  private become(items: readonly Item[]): void {
    this.items = items;
    const { active, sent } = totals(items);
    if (active === 0) this.speed.reset();
    else this.speed.add(performance.now(), sent);
    for (const listener of this.listeners) listener();
    this.keeping ??= setTimeout(() => this.keep(), KEEP_AFTER);
  }

  /** Without the files, which a page cannot keep. */
  private keep(): void {
    this.keeping = undefined;
    const open = this.items.filter((item) => !isOver(item) || item.stage === "interrupted");
    if (open.length) localStorage.setItem(KEPT + this.owner, JSON.stringify(open.slice(0, 1000)));
    else localStorage.removeItem(KEPT + this.owner);
  }

  private restored(): Item[] {
    try {
      const kept = JSON.parse(localStorage.getItem(KEPT + this.owner) ?? "[]") as Item[];
      return kept.map((item) => ({ ...item, stage: "interrupted" }));
    } catch {
      return [];
    }
  }
}

export function useItems(queue: Queue): readonly Item[] {
  return useSyncExternalStore(queue.subscribe, queue.snapshot);
}
