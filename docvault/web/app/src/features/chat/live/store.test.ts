// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem } from "@/shared/api/problem";
import type { ServerEvent } from "@/shared/api/sse";
import type { Asking, LiveTurn } from "./reducer";
import { ask, drop, stop, useLiveTurns } from "./store";

type Sent = { question?: string; replaces?: string; conversation_id?: string };
const sent: Sent[] = [];
const signals: (AbortSignal | null | undefined)[] = [];
let answers: (() => AsyncGenerator<ServerEvent>)[] = [];

vi.mock("@/shared/api/sse", () => ({
  serverEvents: (_path: string, init: RequestInit) => {
    sent.push(JSON.parse(String(init.body)));
    signals.push(init.signal);
    const next = answers.shift();
    if (!next) throw new Error("asked too often");
    return next();
  },
}));
// What is shown is read from the outside here, without a component.
vi.mock("react", async (original) => ({
  ...(await original<typeof import("react")>()),
  useRef: (current: unknown) => ({ current }),
  useSyncExternalStore: (_subscribe: unknown, now: () => unknown) => now(),
}));

const shown = (): readonly LiveTurn[] => useLiveTurns("c");
const ASKING: Asking = { question: "Why?", models: ["a"], filters: {}, conversationId: "c" };
const opened = (id: string) => ({
  event: "sources",
  data: { conversation_id: "c", question_id: id, models: ["a"], sources: [] },
});
const ANSWERED = { event: "done", data: { model: "a", message_id: "m" } };

async function* endless(): AsyncGenerator<ServerEvent> {
  yield opened("q1");
  await new Promise(() => undefined);
}
async function* whole(): AsyncGenerator<ServerEvent> {
  yield* [opened("q2"), ANSWERED];
}
// biome-ignore lint/correctness/useYield: it fails before it says anything
async function* refused(): AsyncGenerator<ServerEvent> {
  throw new Problem(404, "question_not_found", "There is no such question in this conversation.");
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  drop(shown().map((turn) => turn.key));
  sent.length = 0;
  vi.useRealTimers();
});

async function stoppedAndAskedAnew(): Promise<void> {
  ask(ASKING, "c");
  await vi.advanceTimersByTimeAsync(300);
  stop("c");
  ask({ ...ASKING, question: "Why not?", replaces: "q1" }, "c");
  await vi.advanceTimersByTimeAsync(3000);
}

test("what was stopped a moment ago is waited for before it is replaced", async () => {
  answers = [endless, refused, whole];
  await stoppedAndAskedAnew();
  expect(sent.map((one) => one.replaces)).toEqual([undefined, "q1", "q1"]);
  expect(shown().at(-1)).toMatchObject({ state: "ended", trouble: null });
});

test("what was never kept is not replaced but asked", async () => {
  answers = [endless, refused, refused, whole];
  await stoppedAndAskedAnew();
  expect(sent.at(-1)).toEqual({ question: "Why not?", models: ["a"], filters: {}, conversation_id: "c" });
  expect(shown().at(-1)).toMatchObject({ state: "ended", trouble: null });
});

test("what is not there for other reasons is said at once", async () => {
  await vi.advanceTimersByTimeAsync(10_000); // the last that was stopped is long ago
  answers = [refused];
  ask({ ...ASKING, replaces: "q1" }, "c");
  await vi.advanceTimersByTimeAsync(300);
  expect(sent).toHaveLength(1);
  expect(shown().at(-1)?.trouble?.code).toBe("question_not_found");
});

test("who was signed in before this was fetched leaves no question and no stream behind", async () => {
  vi.resetModules(); // it is fetched with the chat, long after the session is known
  const session = await import("@/shared/api/session");
  const user = {
    id: "1",
    email: "a@b.c",
    is_admin: false,
    created_at: "2026-01-01T00:00:00Z",
    preferences: {},
  };
  session.signedIn({ access_token: "one", token_type: "bearer", expires_in: 900, user });
  const fresh = await import("./store");
  const place = fresh.placeOfNew();
  answers = [refused, endless];
  fresh.ask({ ...ASKING, conversationId: null }, place);
  fresh.ask(ASKING, "c");
  await vi.advanceTimersByTimeAsync(300);
  expect([fresh.useLiveTurns(place).length, fresh.useLiveTurns("c").length]).toEqual([1, 1]);
  session.signedOut();
  expect([fresh.useLiveTurns(place), fresh.useLiveTurns("c")]).toEqual([[], []]);
  expect(fresh.placeOfNew()).not.toBe(place);
  expect(signals.at(-1)?.aborted).toBe(true);
});
