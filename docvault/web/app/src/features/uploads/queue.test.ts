// @vitest-environment jsdom
import i18next from "i18next";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { offline, Problem } from "@/shared/api/problem";
import { tellReached } from "@/shared/lib/online";
import { unsent } from "@/shared/lib/unsent";
import { SMALL } from "./model";
import { Queue } from "./queue";
import type { Heard, Sent } from "./transport";

type Sent_ = {
  name: string;
  url: string | null;
  heard: Heard;
  end: (sent: Sent) => void;
  fail: (why: Problem) => void;
};
const sent: Sent_[] = [];

vi.mock("./transport", () => ({
  forget: () => undefined,
  send: ({ file, url }: { file: File; url: string | null }, heard: Heard) => {
    let end: Sent_["end"] = () => undefined;
    let fail: Sent_["fail"] = () => undefined;
    const done = new Promise<Sent>((resolve, reject) => {
      end = resolve;
      fail = reject;
    });
    sent.push({ name: file.name, url, heard, end, fail });
    return { done, stop: () => undefined };
  },
}));

const found = (count: number, size = SMALL + 1) =>
  Array.from({ length: count }, (_, at) => {
    const file = new File(["x"], `${at}.txt`);
    Object.defineProperty(file, "size", { value: size });
    return { file, folder: "" };
  });
const stages = (queue: Queue) => queue.snapshot().map((item) => item.stage);
const settle = () => vi.advanceTimersByTimeAsync(150);
const longest = () => vi.advanceTimersByTimeAsync(6000); // of all its timers
const kept = () => Object.keys(localStorage).filter((key) => key.startsWith("docvault.uploads."));

beforeEach(async () => {
  await i18next.init({ lng: "en", resources: {} });
  vi.useFakeTimers();
  sent.length = 0;
  localStorage.clear();
});
afterEach(() => {
  tellReached(true);
  vi.useRealTimers();
});

test("four at a time, in order", async () => {
  const queue = new Queue("anna");
  queue.add(found(6), [], () => null);
  expect(sent.map(({ name }) => name)).toEqual(["0.txt", "1.txt", "2.txt", "3.txt"]);
  sent[2]?.end({ documentId: "d", duplicate: false });
  await settle();
  expect(sent.at(-1)?.name).toBe("4.txt");
  expect(stages(queue)).toEqual(["sending", "sending", "done", "sending", "sending", "waiting"]);
});

test("without a connection it waits, and goes on by itself where it was", async () => {
  const queue = new Queue("anna");
  const stop = queue.start();
  queue.add(found(1), [], () => null);
  sent[0]?.heard.url("/api/uploads/1");
  tellReached(false);
  sent[0]?.fail(offline());
  await settle();
  expect(stages(queue)).toEqual(["held"]);
  tellReached(true);
  await settle();
  expect(stages(queue)).toEqual(["sending"]);
  expect(sent[1]?.url).toBe("/api/uploads/1");
  stop();
});

test("what failed says why until it is tried again", async () => {
  const queue = new Queue("anna");
  queue.add(found(1), [], () => null);
  sent[0]?.fail(new Problem(413, "too_large", "Too large.", "Send less."));
  await settle();
  expect(queue.snapshot()[0]).toMatchObject({
    stage: "failed",
    failure: { text: "Too large.", hint: "Send less." },
  });
  queue.retryAll();
  expect(queue.snapshot()[0]).toMatchObject({ stage: "sending", failure: null });
});

test("what was cancelled is not sent, whatever comes back from it", async () => {
  const queue = new Queue("anna");
  queue.add(found(2), [], () => null);
  queue.cancelAll();
  sent[0]?.end({ documentId: "d", duplicate: false });
  await settle();
  expect(stages(queue)).toEqual(["cancelled", "cancelled"]);
});

test("who leaves while files are sent is asked about them no more, and no name is kept", async () => {
  const queue = new Queue("anna");
  const stop = queue.start();
  await settle();
  queue.add(found(1), [], () => null);
  await vi.advanceTimersByTimeAsync(600);
  expect([unsent(), kept().length]).toEqual([1, 1]);
  sent[0]?.heard.progress(1); // it is about to be shown
  stop();
  localStorage.clear(); // as signing out does
  expect(unsent()).toBe(0);
  await longest();
  expect([unsent(), kept()]).toEqual([0, []]);
});

test("what a folder still brings after its person left is neither sent nor kept", async () => {
  const queue = new Queue("anna");
  const stop = queue.start();
  await settle();
  stop();
  queue.add(found(2), [], () => null);
  await longest();
  expect(sent).toEqual([]);
  expect([unsent(), kept()]).toEqual([0, []]);
});

test("it can begin again after it ended", async () => {
  const queue = new Queue("anna");
  queue.start()();
  const stop = queue.start();
  queue.add(found(1), [], () => null);
  await vi.advanceTimersByTimeAsync(600);
  expect([unsent(), kept().length]).toEqual([1, 1]);
  stop();
});
