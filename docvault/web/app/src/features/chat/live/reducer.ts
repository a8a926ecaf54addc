/** What the stream of an answer says, one event after the other, into what is shown of it. Pure. */
import type { Answer, Citation, Filters, Source, Trouble, Usage } from "../types";

export type Asking = {
  question: string;
  models: string[];
  filters: Filters;
  conversationId: string | null;
  /** The question that this one takes the place of, with all that followed it. */
  replaces?: string;
  /** The question that is answered again, by `models`. */
  regenerates?: string;
};

/** `place` is the conversation, or what stands for it until it has an id. */
export type LiveTurn = Asking & {
  key: string;
  place: string;
  questionId: string | null;
  sources: Source[] | null;
  answers: Record<string, Answer>;
  startedAt: number;
  state: "asking" | "streaming" | "ended";
  trouble: Trouble | null;
};

/** `at` in milliseconds, of any clock. */
export type Happening =
  | { type: "event"; event: string; data: unknown; at: number }
  | { type: "broken"; trouble: Trouble; at: number }
  | { type: "stopped"; at: number };

export function begun(asking: Asking, key: string, place: string, at: number): LiveTurn {
  const answers = Object.fromEntries(asking.models.map((model) => [model, blank(model)]));
  const questionId = asking.regenerates ?? null;
  return {
    ...asking,
    key,
    place,
    questionId,
    sources: null,
    answers,
    startedAt: at,
    state: "asking",
    trouble: null,
  };
}

export function blank(model: string): Answer {
  return {
    id: null,
    model,
    text: "",
    citations: [],
    state: "waiting",
    trouble: null,
    usage: null,
    cost: null,
    seconds: null,
  };
}

export function happened(turn: LiveTurn, what: Happening): LiveTurn {
  if (turn.state === "ended") return turn;
  if (what.type === "event") return heard(turn, what.event, what.data, what.at);
  if (what.type === "stopped") return closed(turn, "stopped", null, what.at);
  // Before anything was taken the question itself failed; later each answer that is not whole.
  if (turn.state === "asking") return { ...closed(turn, "failed", null, what.at), trouble: what.trouble };
  return closed(turn, "failed", what.trouble, what.at);
}

type Said = {
  model?: string;
  text?: string;
  message_id?: string;
  usage?: Usage | null;
  cost?: number | null;
  seconds?: number | null;
} & {
  code?: string;
  detail?: string;
  hint?: string | null;
};
type Opening = { conversation_id?: string; question_id?: string; models?: string[]; sources?: Source[] };

function heard(turn: LiveTurn, event: string, data: unknown, at: number): LiveTurn {
  if (event === "sources") return opened(turn, data as Opening);
  if (event === "end") return closed(turn, "failed", BROKEN_OFF, at);
  const said = data as Said;
  const answer = said.model === undefined ? undefined : turn.answers[said.model];
  if (!answer || over(answer)) return turn;
  const next = spoken(answer, event, said, said.seconds ?? (at - turn.startedAt) / 1000);
  if (next === answer) return turn;
  return { ...turn, state: "streaming", answers: { ...turn.answers, [answer.model]: next } };
}

function opened(turn: LiveTurn, said: Opening): LiveTurn {
  const models = said.models ?? turn.models;
  const answers = Object.fromEntries(models.map((model) => [model, turn.answers[model] ?? blank(model)]));
  return {
    ...turn,
    conversationId: said.conversation_id ?? turn.conversationId,
    questionId: said.question_id ?? turn.questionId,
    sources: said.sources ?? [],
    models,
    answers,
    state: "streaming",
  };
}

function spoken(answer: Answer, event: string, said: Said, seconds: number): Answer {
  switch (event) {
    case "delta":
      return { ...answer, state: "writing", text: answer.text + (said.text ?? "") };
    case "citation":
      return { ...answer, citations: [...answer.citations, said as unknown as Citation] };
    case "done": {
      const { message_id: id = null, usage = null, cost = null } = said;
      return { ...answer, state: "done", id, usage, cost, seconds };
    }
    case "error": {
      const trouble = { code: said.code ?? "", detail: said.detail ?? "", hint: said.hint ?? null };
      return { ...answer, state: "failed", id: said.message_id ?? null, trouble, seconds };
    }
    default:
      return answer; // of a newer server
  }
}

const BROKEN_OFF: Trouble = { code: "broken_off", detail: "The answer broke off.", hint: null };

function closed(turn: LiveTurn, state: "failed" | "stopped", trouble: Trouble | null, at: number): LiveTurn {
  const seconds = (at - turn.startedAt) / 1000;
  const answers = Object.fromEntries(
    Object.entries(turn.answers).map(([model, answer]) => [
      model,
      over(answer) ? answer : { ...answer, state, trouble, seconds },
    ]),
  );
  return { ...turn, answers, state: "ended" };
}

export function over(answer: Answer): boolean {
  return answer.state === "done" || answer.state === "failed" || answer.state === "stopped";
}
