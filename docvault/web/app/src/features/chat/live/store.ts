/**
 * The answers that are being written. They live outside of what is shown: whoever goes to a document and comes back
 * finds them further on.
 */
import { useRef, useSyncExternalStore } from "react";
import { asProblem } from "@/shared/api/problem";
import { queryClient } from "@/shared/api/query";
import { onPersonGone } from "@/shared/api/session";
import { type ServerEvent, serverEvents } from "@/shared/api/sse";
import { keys } from "@/shared/vault/keys";
import { listNew } from "../history/cache";
import { type Asking, begun, type Happening, happened, type LiveTurn } from "./reducer";
import { requestOf } from "./request";
import { anew, LATELY, mayCome, SETTLES } from "./stopped";

const HIDDEN_FRAME = 250; // a page in the background draws nothing, and gets no animation frames
const LEAST_PAUSE = 40; // milliseconds between two times that new words are shown: faster than anybody reads
const MOST_PAUSE = 400;
const SHARE = 3; // of the time one in so many goes into showing them: the rest is for scrolling and writing

let turns: readonly LiveTurn[] = [];
let newPlace = freshPlace();
const moves = new Map<string, string>(); // from what stood for a conversation to its id
const unsaved = new Set<string>(); // conversations of which the server keeps nothing yet
const keysOf = new Map<string, string>(); // a question's id to the key it was first shown under
const leaving = new Map<string, AbortController>();
const stoppedAt = new Map<string, number>(); // when something was stopped in a conversation, by its id
const listeners = new Set<() => void>();

function freshPlace(): string {
  return `new-${Math.random().toString(36).slice(2)}`;
}

/**
 * Asks, and returns at once. `place` is the conversation's id or `placeOfNew()`. What was refused about the same question
 * before is over.
 */
export function ask(asking: Asking, place: string): void {
  const turn = begun(asking, `turn-${Math.random().toString(36).slice(2)}`, place, performance.now());
  const controller = new AbortController();
  leaving.set(turn.key, controller);
  const about = asking.replaces ?? asking.regenerates;
  const isOver = (one: LiveTurn) => one.trouble !== null && (one.replaces ?? one.regenerates) === about;
  become([...(about ? turns.filter((one) => !isOver(one)) : turns), turn]);
  void listen(turn, controller.signal);
}

async function listen(turn: LiveTurn, signal: AbortSignal): Promise<void> {
  try {
    for await (const { event, data } of said(turn, signal)) {
      gather(turn.key, { type: "event", event, data, at: performance.now() });
    }
    gather(turn.key, { type: "event", event: "end", data: {}, at: performance.now() });
  } catch (error) {
    if (signal.aborted) return;
    const { code, detail, hint } = asProblem(error);
    gather(turn.key, { type: "broken", trouble: { code, detail, hint }, at: performance.now() });
  } finally {
    leaving.delete(turn.key);
  }
}

/** Once more where what was stopped a moment ago was not kept yet, and plainly where it never was. */
async function* said(turn: LiveTurn, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  let asking: Asking = turn;
  for (let tried = 1; ; tried += 1) {
    try {
      return yield* serverEvents("/api/chat", initOf(asking, signal));
    } catch (error) {
      const at = stoppedAt.get(turn.conversationId ?? "");
      if (signal.aborted || tried > 2 || !mayCome(error, asking, at, performance.now())) throw error;
      if (tried === 2) asking = anew(turn, error);
      else await new Promise((resolve) => setTimeout(resolve, SETTLES));
    }
  }
}

function initOf(asking: Asking, signal: AbortSignal): RequestInit {
  const headers = { "Content-Type": "application/json" };
  return { method: "POST", headers, body: JSON.stringify(requestOf(asking)), signal };
}

/** What was written stays. */
export function stop(place: string): void {
  for (const turn of turns) {
    if (turn.place !== place || turn.state === "ended") continue;
    gather(turn.key, { type: "stopped", at: performance.now() });
    flush();
    leaving.get(turn.key)?.abort();
    stoppedAt.set(placeNow(place), performance.now());
    for (const pause of [SETTLES, LATELY])
      setTimeout(() => {
        unsaved.delete(placeNow(place));
        become(turns);
        refresh(placeNow(place));
      }, pause);
  }
}

export function drop(gone: readonly string[]): void {
  if (gone.length) become(turns.filter((turn) => !gone.includes(turn.key)));
}

/** Ends and forgets all that is said in a conversation that goes. */
export function leave(place: string): void {
  stop(place);
  drop(turns.filter((turn) => turn.place === place).map((turn) => turn.key));
}

/** What stands for the conversation that has no id yet. */
export function placeOfNew(): string {
  return newPlace;
}

export function startAnew(): void {
  newPlace = freshPlace();
  become(turns);
}

export function placeNow(place: string): string {
  return moves.get(place) ?? place;
}

export function keyOf(questionId: string): string {
  return keysOf.get(questionId) ?? questionId;
}

/** Whether the server may be asked for a conversation: nothing of one is kept before its first answer is whole. */
function isKept(place: string): boolean {
  return !place.startsWith("new-") && !unsaved.has(place);
}

// --- events are gathered, and shown together in a frame ---

let gathered: [string, Happening][] = [];
let frame = 0;
let soon: ReturnType<typeof setTimeout> | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let next = 0; // when something is shown again, at the earliest

function gather(key: string, what: Happening): void {
  gathered.push([key, what]);
  if (gathered.length > 1) return;
  const pause = Math.max(0, next - performance.now());
  soon = setTimeout(() => {
    frame = requestAnimationFrame(flush);
  }, pause);
  timer = setTimeout(flush, pause + HIDDEN_FRAME);
}

/** The longer it took to show what there was, the later comes the next. */
function paced(show: () => void): void {
  const began = performance.now();
  show();
  queueMicrotask(() => {
    const now = performance.now(); // what is shown was drawn in a microtask, too
    next = now + Math.min(MOST_PAUSE, Math.max(LEAST_PAUSE, (SHARE - 1) * (now - began)));
  });
}

function flush(): void {
  cancelAnimationFrame(frame);
  clearTimeout(soon);
  clearTimeout(timer);
  const batch = gathered;
  gathered = [];
  if (!batch.length) return;
  const before = turns;
  const after = turns.map((turn) =>
    batch.reduce((now, [key, what]) => (key === turn.key ? happened(now, what) : now), turn),
  );
  paced(() => become(after.map(settledIn)));
  after.forEach((turn, n) => {
    noticed(before[n] as LiveTurn, turn);
  });
}

/** A turn that learnt its conversation's id moves there, and all that was said before it. */
function settledIn(turn: LiveTurn, _n: number, all: readonly LiveTurn[]): LiveTurn {
  const leader = all.find((one) => one.place === turn.place && one.conversationId && one.sources);
  const to = leader?.conversationId;
  return to && to !== turn.place ? { ...turn, place: to } : turn;
}

function noticed(before: LiveTurn, turn: LiveTurn): void {
  if (turn.questionId && !before.questionId) keysOf.set(turn.questionId, turn.key);
  const id = turn.conversationId;
  if (id && id !== before.conversationId) {
    moves.set(before.place, id);
    unsaved.add(id);
    if (before.place === newPlace) newPlace = freshPlace();
    listNew(id, turn.question);
  }
  if (!id || before === turn) return;
  const keptNow = Object.values(turn.answers).some(
    (answer) => answer.id !== null && before.answers[answer.model]?.id === null,
  );
  // What was stopped is kept in a moment: who asks before hears that there is no such conversation.
  const stopped = Object.values(turn.answers).some((answer) => answer.state === "stopped");
  const ended = turn.state === "ended" && before.state !== "ended" && !stopped;
  if (keptNow || ended) unsaved.delete(id);
  if (ended) refresh(id);
}

function refresh(place: string): void {
  void queryClient.invalidateQueries({ queryKey: keys.conversation(place) });
  void queryClient.invalidateQueries({ queryKey: [...keys.conversations, "list"] });
}

function become(next: readonly LiveTurn[]): void {
  turns = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What is or was said since the page was opened, in one conversation. */
export function useLiveTurns(place: string): readonly LiveTurn[] {
  const last = useRef<readonly LiveTurn[]>([]);
  return useSyncExternalStore(subscribe, () => {
    const told = turns.filter((turn) => turn.place === place);
    const same = told.length === last.current.length && told.every((turn, n) => turn === last.current[n]);
    if (!same) last.current = told;
    return last.current;
  });
}

export function useIsKept(place: string): boolean {
  return useSyncExternalStore(subscribe, () => isKept(place));
}

/** The conversation's id as soon as it is known, else what was given. */
export function usePlaceNow(place: string): string {
  return useSyncExternalStore(subscribe, () => placeNow(place));
}

export function usePlaceOfNew(): string {
  return useSyncExternalStore(subscribe, placeOfNew);
}

onPersonGone(() => {
  for (const controller of leaving.values()) controller.abort();
  newPlace = freshPlace();
  become([]);
});
