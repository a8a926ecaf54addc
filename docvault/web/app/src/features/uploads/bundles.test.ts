// @vitest-environment jsdom
import i18next from "i18next";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { offline, Problem } from "@/shared/api/problem";
import { tellReached } from "@/shared/lib/online";
import { unsent } from "@/shared/lib/unsent";
import type { DocumentView } from "@/shared/vault/types";
import { Queue } from "./queue";

type Request = {
  names: string[];
  folder: string;
  bundle: { isOut: boolean };
  heard: { progress: (sent: number, of: number) => void; again: (why: Problem) => void };
  stopped: boolean;
  end: (more?: Partial<DocumentView>[]) => void;
  fail: (why: Problem) => void;
};
const requests: Request[] = [];
const undone: string[] = [];
const unreadable = new Set<string>();

vi.mock("./bundle", () => ({
  read: async (file: File) => (unreadable.has(file.name) ? null : file),
  remember: () => undefined,
  undo: ({ id }: { id: string }) => undone.push(id),
  Bundle: class {
    isOut = false;
    private request: Request;
    private done: Promise<unknown>;
    constructor(files: File[], folder: string, _tags: string[], heard: Request["heard"]) {
      const names = files.map((file) => file.name);
      const view = (id: string) => ({ id, duplicate_of: null });
      this.request = { names, folder, heard, bundle: this, stopped: false } as unknown as Request;
      this.done = new Promise((resolve, reject) => {
        this.request.end = (more = []) => resolve(names.map((name, at) => ({ ...view(name), ...more[at] })));
        this.request.fail = reject;
      });
      requests.push(this.request);
    }
    send = () => this.done;
    stop = () => {
      this.request.stopped = true;
    };
  },
}));

const found = (names: string[], folder = "") =>
  names.map((name) => ({ file: new File(["abc"], name), folder }));
const many = (count: number) => Array.from({ length: count }, (_, at) => `${at}.txt`);
const stages = (queue: Queue) => Object.fromEntries(queue.snapshot().map(({ name, stage }) => [name, stage]));
const idOf = (queue: Queue, wanted: string) => queue.snapshot().find(({ name }) => name === wanted)?.id ?? "";
const settle = () => vi.advanceTimersByTimeAsync(500);

beforeEach(async () => {
  await i18next.init({ lng: "en", resources: {} });
  vi.useFakeTimers();
  requests.length = undone.length = 0;
  unreadable.clear();
  localStorage.clear();
});
afterEach(() => {
  tellReached(true);
  vi.useRealTimers();
});

async function started(names: string[], files = 100): Promise<Queue> {
  const queue = new Queue("anna", () => ({ files }));
  queue.add(found(names), [], () => null);
  await settle();
  return queue;
}

test("small files go together, two requests at a time", async () => {
  const queue = await started(many(250));
  expect(requests.map(({ names }) => names.length)).toEqual([100, 100]);
  requests[0]?.end();
  await settle();
  expect(requests.map(({ names }) => names.length)).toEqual([100, 100, 50]);
  requests[1]?.end();
  requests[2]?.end();
  await settle();
  expect(queue.sum).toMatchObject({ finished: 250, active: 0 });
});

test("each folder's files go by themselves", async () => {
  const queue = new Queue("anna");
  queue.add([...found(["a", "b"], "x"), ...found(["a"], "y")], [], () => null);
  await settle();
  expect(requests.map(({ folder, names }) => [folder, names])).toEqual([
    ["x", ["a", "b"]],
    ["y", ["a"]],
  ]);
});

test("progress is told of each file, in order", async () => {
  const queue = await started(["a", "b", "c"]);
  requests[0]?.heard.progress(4, 9);
  await settle();
  expect(queue.snapshot().map(({ stage, sent }) => [stage, sent])).toEqual([
    ["sending", 3],
    ["sending", 1],
    ["waiting", 0],
  ]);
  requests[0]?.heard.again(new Problem(503, "unavailable", "Not now."));
  await settle();
  expect(queue.sum.sent).toBe(0);
  expect(queue.snapshot()[0]?.failure?.text).toBe("Not now.");
});

test("of what the server had already, it says so", async () => {
  const queue = await started(["a", "b"]);
  requests[0]?.end([{}, { duplicate_of: "b" }]);
  await settle();
  expect(stages(queue)).toEqual({ a: "done", b: "duplicate" });
});

test("one that is cancelled before all is sent is left out of another request", async () => {
  const queue = await started(["a", "b", "c"]);
  queue.cancel(idOf(queue, "b"));
  await settle();
  expect(requests.map(({ names, stopped }) => [names.join(""), stopped])).toEqual([
    ["abc", true],
    ["ac", false],
  ]);
  requests[1]?.end();
  await settle();
  expect(stages(queue)).toEqual({ a: "done", b: "cancelled", c: "done" });
  expect(undone).toEqual([]);
});

test("one that is cancelled after all was sent is taken back", async () => {
  const queue = await started(["a", "b"]);
  if (requests[0]) requests[0].bundle.isOut = true;
  queue.cancel(idOf(queue, "b"));
  await settle();
  requests[0]?.end();
  await settle();
  expect(requests.length).toBe(1);
  expect(stages(queue)).toEqual({ a: "done", b: "cancelled" });
  expect(undone).toEqual(["b"]);
});

test("cancelling all sends nothing again", async () => {
  const queue = await started(many(30), 10);
  queue.cancelAll();
  await settle();
  expect(requests.map(({ stopped }) => stopped)).toEqual([true, true]);
  expect(new Set(Object.values(stages(queue)))).toEqual(new Set(["cancelled"]));
  expect(unsent()).toBe(0);
});

test("halves find out which file was refused, and the others arrive", async () => {
  const queue = await started(["a", "b", "bad", "d"]);
  for (let at = 0; at < requests.length; at += 1) {
    const { names, fail, end } = requests[at] as Request;
    if (names.includes("bad")) fail(new Problem(413, "file_too_large", "Too large."));
    else end();
    await settle();
  }
  expect(requests.map(({ names }) => names.join("+"))).toEqual(["a+b+bad+d", "a+b", "bad+d", "bad", "d"]);
  expect(stages(queue)).toEqual({ a: "done", b: "done", bad: "failed", d: "done" });
});

test("where there is no room, each file is told so, and nothing is sent in vain", async () => {
  const full = new Problem(413, "storage_quota_reached", "You may keep 10 bytes and have 10.");
  const queue = await started(["a", "b", "c", "d", "e", "f", "g"], 2);
  queue.cancel(idOf(queue, "g"));
  requests[0]?.fail(full);
  await settle();
  expect(requests.length).toBe(2);
  requests[1]?.end();
  await settle();
  expect(requests.length).toBe(2);
  const [room, none] = ["done", "failed"];
  expect(stages(queue)).toEqual({ a: none, b: none, c: room, d: room, e: none, f: none, g: "cancelled" });
  expect(queue.snapshot()[5]?.failure?.text).toBe(full.detail);
  queue.retryAll(); // something was deleted meanwhile
  await settle();
  expect(requests.slice(2).map(({ names }) => names.join(""))).toEqual(["ab", "ef"]);
});

test("a server that is broken is not asked again for each file", async () => {
  const queue = await started(["a", "b"]);
  requests[0]?.fail(new Problem(503, "unavailable", "Not now."));
  await settle();
  expect(requests.length).toBe(1);
  expect(stages(queue)).toEqual({ a: "failed", b: "failed" });
  queue.retryAll();
  await settle();
  expect(requests[1]?.names).toEqual(["a", "b"]);
});

test("without a connection all wait, and go on by themselves", async () => {
  const queue = new Queue("anna");
  const stop = queue.start();
  queue.add(found(["a", "b"]), [], () => null);
  await settle();
  tellReached(false);
  requests[0]?.fail(offline());
  await settle();
  expect(stages(queue)).toEqual({ a: "held", b: "held" });
  tellReached(true);
  await settle();
  expect(requests[1]?.names).toEqual(["a", "b"]);
  stop();
  expect(requests[1]?.stopped).toBe(true);
});

test("a file that cannot be read is not in the way of the others", async () => {
  unreadable.add("b");
  const queue = await started(["a", "b"]);
  expect(requests[0]?.names).toEqual(["a"]);
  requests[0]?.end();
  await settle();
  expect(stages(queue)).toEqual({ a: "done", b: "failed" });
});

test("however much happens, it is shown a few times a second", async () => {
  const queue = new Queue("anna");
  const told = vi.fn();
  queue.subscribe(told);
  queue.add(found(many(2000)), [], () => null);
  for (let at = 0; at < 20; at += 1) {
    await vi.advanceTimersByTimeAsync(1);
    const request = requests[at];
    for (let sent = 0; sent < 300; sent += 1) request?.heard.progress(sent, 300);
    request?.end();
  }
  await settle();
  expect(queue.sum.finished).toBe(2000);
  expect(told.mock.calls.length).toBeLessThan(5);
});
