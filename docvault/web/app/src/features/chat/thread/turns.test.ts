import { expect, test } from "vitest";
import { type Asking, begun, happened, type LiveTurn } from "../live/reducer";
import { covered, merged, turnsOf } from "./turns";

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`;
const question = (id: string, second: number) => ({
  id,
  role: "user",
  content: `${id}?`,
  created_at: at(second),
});
const answer = (id: string, of: string, model: string, second: number, more: object = {}) => ({
  id,
  role: "assistant",
  content: `${id}!`,
  question_id: of,
  model,
  created_at: at(second),
  ...more,
});
const SAVED = turnsOf(
  [
    question("q1", 0),
    answer("a1", "q1", "a", 3, { seconds: 3 }),
    answer("b1", "q1", "b", 5, { error: "No." }),
    question("q2", 9),
    answer("a2", "q2", "a", 11),
  ],
  (id) => id,
);
const asking = (more: Partial<Asking> = {}): Asking => ({
  question: "New?",
  models: ["a"],
  filters: {},
  conversationId: "c",
  ...more,
});

function live(given: Asking, ...events: [string, object][]): LiveTurn {
  return events.reduce(
    (turn, [event, data]) => happened(turn, { type: "event", event, data, at: 1 }),
    begun(given, "key", "c", 0),
  );
}

test("answers stand with their question, each model's in its place, with the time they took", () => {
  expect(SAVED.map((turn) => [turn.questionId, turn.models])).toEqual([
    ["q1", ["a", "b"]],
    ["q2", ["a"]],
  ]);
  expect(SAVED[0]?.answers.a).toMatchObject({ state: "done", seconds: 3 });
  expect(SAVED[0]?.answers.b).toMatchObject({ state: "failed", trouble: { detail: "No." } });
});

test("what is being written comes last, and touches nothing above", () => {
  const turns = merged(SAVED, [live(asking())]);
  expect(turns).toHaveLength(3);
  expect(turns[0]).toBe(SAVED[0]);
  expect(turns[2]).toMatchObject({ key: "key", question: "New?", busy: true });
});

test("once the server has an answer, the server's is shown", () => {
  const heard = live(
    asking(),
    ["sources", { question_id: "q2", models: ["a"] }],
    ["done", { model: "a", message_id: "a2" }],
    ["end", {}],
  );
  expect(covered(SAVED[1] as never, heard)).toBe(true);
  expect(merged(SAVED, [heard])[1]).toBe(SAVED[1]);
});

test("an answer that was stopped is shown until the server has it", () => {
  const writing = live(
    asking({ models: ["b"] }),
    ["sources", { question_id: "q2", models: ["b"] }],
    ["delta", { model: "b", text: "Half" }],
  );
  const stopped = happened(writing, { type: "stopped", at: 2 });
  const turn = merged(SAVED, [stopped])[1];
  expect(turn?.answers.b).toMatchObject({ text: "Half", state: "stopped" });
  expect(covered(SAVED[1] as never, stopped)).toBe(false);
  const kept = turnsOf(
    [
      question("q2", 9),
      answer("b2", "q2", "b", 11, { content: "Half of it", error: "x", error_code: "stopped" }),
    ],
    (id) => id,
  );
  expect(covered(kept[0] as never, stopped)).toBe(true);
});

test("an answer that is asked for again stands in its place", () => {
  const again = live(asking({ regenerates: "q1" }), ["delta", { model: "a", text: "Again" }]);
  const turns = merged(SAVED, [again]);
  expect(turns).toHaveLength(2);
  expect(turns[0]?.answers.a).toMatchObject({ text: "Again", state: "writing" });
  expect(turns[0]?.answers.b).toBe(SAVED[0]?.answers.b);
  expect(turns[0]?.models).toEqual(["a", "b"]);
});

test("a question that replaces another takes its place and what followed it", () => {
  const turns = merged(SAVED, [live(asking({ replaces: "q1" }))]);
  expect(turns.map((turn) => turn.question)).toEqual(["New?"]);
});

const TROUBLE = { code: "x", detail: "No.", hint: null };
const refused = (more: Partial<Asking>) =>
  happened(live(asking(more)), { type: "broken", trouble: TROUBLE, at: 1 });

test("a question that was refused replaces nothing, and knows what it was to replace", () => {
  const turns = merged(SAVED, [refused({ replaces: "q1" })]);
  expect(turns.map((turn) => turn.question)).toEqual(["q1?", "q2?", "New?"]);
  expect(turns[2]).toMatchObject({ answers: {}, refused: { trouble: TROUBLE, key: "key", replaces: "q1" } });
});

test("where asking again is refused, all answers stay, and it is known what was asked", () => {
  const turns = merged(SAVED, [refused({ regenerates: "q1", models: ["b"] })]);
  expect(turns).toEqual([
    {
      ...SAVED[0],
      refused: { trouble: TROUBLE, key: "key", regenerates: { questionId: "q1", models: ["b"] } },
    },
    SAVED[1],
  ]);
});
