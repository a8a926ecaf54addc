/** The small files of the queue: gathered, sent together, and each told apart again. */
import { asProblem, Problem } from "@/shared/api/problem";
import { problemText } from "@/shared/lib/problem-text";
import type { DocumentView } from "@/shared/vault/types";
import type { Bundle } from "./bundle";
import { type Failure, gather, type Item, type Most, nameOf, shares } from "./model";
import { isAboutContent, isFull } from "./retries";

/** What the queue is to its bundles. */
export type Host = {
  item: (id: string) => Item | undefined;
  file: (id: string) => File | undefined;
  change: (id: string, change: Partial<Item>) => void;
  /** Nothing more is to be done for this file, as `change` says. */
  over: (id: string, change: Partial<Item>) => void;
  failed: (id: string, error: unknown) => void;
  /** A request ended: another may begin. */
  next: () => void;
};

type Read = (file: File | undefined) => Promise<File | null>;
type After = Record<"remember" | "undo", (document: DocumentView) => void>;
type Going = { bundle: Bundle | null; ids: string[]; unwanted: Set<string>; stopped: boolean };

const UNREADABLE = new Problem(
  0,
  "file_unreadable",
  "This file cannot be read any more.",
  "It was moved or changed. Choose it again.",
);
const MOST: Most = { files: 100, bytes: 4 * 1024 * 1024 }; // what a break in the connection costs at most

export class Bundles {
  private readonly waiting: string[] = [];
  /** Parts of bundles that come before all others, as they are. */
  private readonly parts: string[][] = [];
  private readonly going = new Map<string, Going>();
  private readonly running = new Set<Going>();
  private readonly names = new Set<string>();

  /** `most` says what the server takes in one request. */
  constructor(
    private readonly host: Host,
    private readonly most: () => Partial<Most>,
  ) {}

  get size(): number {
    return this.running.size;
  }

  wait(id: string): void {
    this.waiting.push(id);
  }

  /** Whether there was anything to begin with. */
  begin(): boolean {
    const items = this.part() ?? gather(this.waiting, this.host.item, this.limits(), this.names);
    if (items.length === 0) return false;
    const going: Going = {
      bundle: null,
      ids: items.map(({ id }) => id),
      unwanted: new Set(),
      stopped: false,
    };
    for (const item of items) {
      this.going.set(item.id, going);
      this.names.add(nameOf(item));
    }
    this.running.add(going);
    void this.run(going);
    return true;
  }

  /** Whether it is on its way. What cannot be stopped any more is taken back when the answer is there. */
  drop(id: string): boolean {
    const going = this.going.get(id);
    if (!going) return false;
    if (going.bundle?.isOut) going.unwanted.add(id);
    else {
      this.stop(going);
      this.again(going.ids.filter((one) => one !== id));
    }
    return true;
  }

  stopAll(): void {
    for (const going of this.running) this.stop(going);
    this.waiting.length = this.parts.length = 0;
  }

  private limits(): Most {
    const { files = MOST.files, bytes = MOST.bytes } = this.most();
    return { files: Math.min(files, MOST.files), bytes: Math.min(bytes, MOST.bytes) };
  }

  private part(): Item[] | undefined {
    for (let ids = this.parts.shift(); ids; ids = this.parts.shift()) {
      const items = ids.map(this.host.item).filter((item): item is Item => item?.stage === "waiting");
      if (items.length) return items;
    }
    return undefined;
  }

  private async run(going: Going): Promise<void> {
    try {
      const { Bundle, read, ...after } = await import("./bundle");
      const files = going.stopped ? [] : await this.readable(going, read);
      const { ids } = going;
      if (files.length > 0) {
        going.bundle = this.bundle(Bundle, files, ids);
        this.accepted(going, await going.bundle.send(), after);
      }
    } catch (error) {
      this.refused(going, error);
    }
    this.end(going);
  }

  private bundle(kind: typeof Bundle, files: File[], ids: readonly string[]): Bundle {
    const first = this.host.item(ids[0] ?? "");
    const sizes = files.map(({ size }) => size);
    return new kind(files, first?.folder ?? "", first?.tags ?? [], {
      progress: (sent, total) => this.progress(ids, shares(sent, total, sizes)),
      again: (problem) => this.restart(ids, problemText(problem)),
    });
  }

  private accepted({ ids, unwanted }: Going, documents: readonly DocumentView[], after: After): void {
    for (const [at, document] of documents.entries()) {
      const id = ids[at] ?? "";
      if (unwanted.has(id)) {
        after.undo(document);
        continue;
      }
      after.remember(document);
      const sent = this.host.item(id)?.size ?? 0;
      const stage = document.duplicate_of ? "duplicate" : "done";
      this.host.over(id, { stage, documentId: document.id, sent, failure: null });
    }
  }

  /** What cannot be read is out, before it is in the way of the others. */
  private async readable(going: Going, read: Read): Promise<File[]> {
    const files = await Promise.all(going.ids.map((id) => read(this.host.file(id))));
    if (going.stopped) return [];
    const all = going.ids;
    going.ids = all.filter((_, at) => files[at]);
    for (const [at, id] of all.entries()) {
      if (files[at]) continue;
      this.forget(id);
      this.host.failed(id, UNREADABLE);
    }
    return files.filter((file) => file !== null);
  }

  private progress(ids: readonly string[], sent: readonly number[]): void {
    for (const [at, id] of ids.entries()) {
      const item = this.host.item(id);
      const now = sent[at] ?? 0;
      if (!item || now === 0 || now <= item.sent) continue;
      this.host.change(id, { stage: "sending", sent: now, failure: null });
    }
  }

  private restart(ids: readonly string[], failure: Failure): void {
    for (const id of ids) this.host.change(id, { stage: "sending", sent: 0, failure });
  }

  /** All or none are taken: halves find out whose fault it was. */
  private refused(going: Going, error: unknown): void {
    if (going.stopped) return;
    const { status, code } = asProblem(error);
    const ids = going.ids.filter((id) => !going.unwanted.has(id));
    if (isFull(code)) ids.push(...this.takeWaiting());
    else if (isAboutContent(status) && ids.length > 1) {
      const half = Math.ceil(ids.length / 2);
      this.again(ids.slice(half));
      this.again(ids.slice(0, half));
      return;
    }
    for (const id of ids) this.host.failed(id, error);
  }

  private takeWaiting(): string[] {
    const ids = [...this.parts.splice(0).flat(), ...this.waiting.splice(0)];
    return ids.filter((id) => this.host.item(id)?.stage === "waiting");
  }

  /** They go first, in a request of their own. */
  private again(ids: readonly string[]): void {
    for (const id of ids) this.host.change(id, { stage: "waiting", sent: 0, failure: null });
    this.parts.unshift([...ids]);
  }

  private stop(going: Going): void {
    going.stopped = true;
    going.bundle?.stop();
    this.forgetAll(going);
  }

  private end(going: Going): void {
    if (going.stopped) return;
    this.forgetAll(going);
    this.host.next();
  }

  private forgetAll(going: Going): void {
    this.running.delete(going);
    for (const id of going.ids) this.forget(id);
  }

  private forget(id: string): void {
    this.going.delete(id);
    const item = this.host.item(id);
    if (item) this.names.delete(nameOf(item));
  }
}
