import { expect, test } from "vitest";
import { type Asking, begun, type Happening, happened, type LiveTurn } from "./reducer";

const ASKING: Asking = { question: "Why?", models: ["a", "b"], filters: {}, conversationId: null };
const event = (name: string, data: object, at = 1000): Happening => ({
  type: "event",
  event: name,
  data,
  at,
});
const OPENED = event("sources", {
  conversation_id: "c",
  question_id: "q",
  models: ["a", "b"],
  sources: [{ n: 1, filename: "x.pdf" }],
});

function after(...all: Happening[]): LiveTurn {
  return all.reduce(happened, begun(ASKING, "key", "place", 0));
}

test("the first event names the conversation and what was read", () => {
  const turn = after(OPENED);
  expect(turn).toMatchObject({ conversationId: "c", questionId: "q", state: "streaming" });
  expect(turn.sources).toHaveLength(1);
  expect(turn.answers.a?.state).toBe("waiting");
});

test("each model writes into its own answer", () => {
  const turn = after(
    OPENED,
    event("delta", { model: "a", text: "One" }),
    event("delta", { model: "b", text: "Two" }),
    event("delta", { model: "a", text: " more [1]" }),
    event("citation", { model: "a", marker: 1, quote: "more" }),
  );
  expect(turn.answers.a?.text).toBe("One more [1]");
  expect(turn.answers.a?.citations).toMatchObject([{ marker: 1, quote: "more" }]);
  expect(turn.answers.b).toMatchObject({ text: "Two", citations: [] });
});

test("an answer that another's event does not touch stays the same object", () => {
  const before = after(OPENED, event("delta", { model: "b", text: "Two" }));
  expect(happened(before, event("delta", { model: "a", text: "One" })).answers.b).toBe(before.answers.b);
});

test("an answer that is done says what it took", () => {
  const usage = { prompt_tokens: 9, completion_tokens: 3 };
  const turn = after(OPENED, event("done", { model: "a", message_id: "m", usage, cost: 0.5 }, 2500));
  expect(turn.answers.a).toMatchObject({ state: "done", id: "m", usage, cost: 0.5, seconds: 2.5 });
  expect(turn.state).toBe("streaming");
});

test("a model that fails leaves the others at work", () => {
  const turn = after(
    OPENED,
    event("error", {
      model: "b",
      code: "model_failed",
      detail: "Overloaded.",
      hint: "Wait.",
      message_id: "e",
    }),
    event("delta", { model: "a", text: "Still here" }),
  );
  expect(turn.answers.b).toMatchObject({
    state: "failed",
    id: "e",
    trouble: { code: "model_failed", detail: "Overloaded.", hint: "Wait." },
  });
  expect(turn.answers.a?.state).toBe("writing");
});

test("what comes after an answer's end is not heard", () => {
  const done = after(OPENED, event("done", { model: "a", message_id: "m" }));
  expect(happened(done, event("delta", { model: "a", text: "late" }))).toBe(done);
  expect(happened(done, event("delta", { model: "unknown", text: "x" }))).toBe(done);
});

test("stopping keeps what was written, and nothing more comes", () => {
  const turn = after(OPENED, event("delta", { model: "a", text: "Half" }), { type: "stopped", at: 1500 });
  expect(turn.answers.a).toMatchObject({ state: "stopped", text: "Half", seconds: 1.5 });
  expect(turn.state).toBe("ended");
  expect(happened(turn, event("delta", { model: "a", text: "late" }))).toBe(turn);
});

test("a question that was refused has its trouble itself; a stream that breaks gives it to its answers", () => {
  const trouble = { code: "offline", detail: "Gone.", hint: null };
  const refused = after({ type: "broken", trouble, at: 10 });
  expect(refused).toMatchObject({ state: "ended", trouble });
  expect(refused.answers.a?.trouble).toBeNull();
  const broken = after(OPENED, event("done", { model: "a", message_id: "m" }), {
    type: "broken",
    trouble,
    at: 10,
  });
  expect(broken.trouble).toBeNull();
  expect(broken.answers.a?.state).toBe("done");
  expect(broken.answers.b).toMatchObject({ state: "failed", trouble });
});

test("a stream that ends without an answer's end fails that answer", () => {
  const turn = after(OPENED, event("done", { model: "a", message_id: "m" }), event("end", {}));
  expect(turn.state).toBe("ended");
  expect(turn.answers.b).toMatchObject({ state: "failed", trouble: { code: "broken_off" } });
});

test("a search that fails errs for every model before anything was found", () => {
  const turn = after(
    event("error", { model: "a", code: "internal", detail: "No." }),
    event("error", { model: "b", code: "internal", detail: "No." }),
    event("end", {}),
  );
  expect(turn.conversationId).toBeNull();
  expect(Object.values(turn.answers).map((answer) => answer.state)).toEqual(["failed", "failed"]);
});
