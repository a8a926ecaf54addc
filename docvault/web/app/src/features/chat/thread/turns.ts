/** Questions with their answers, from what the server keeps and what is being written. Pure. */
import { blank, type LiveTurn } from "../live/reducer";
import type { Answer, Citation, ConversationDetail, Filters, Refused, Source, Turn, Usage } from "../types";

type Saved = Omit<ConversationDetail["messages"][number], "sources" | "filters"> & {
  sources?: Source[] | null;
  filters?: Filters | null;
};

export function turnsOf(messages: readonly Saved[], keyOf: (questionId: string) => string): Turn[] {
  const questions = messages.filter((one) => one.role === "user");
  const turns = questions.map((question) => turnOf(question, keyOf));
  const byQuestion = new Map(turns.map((turn) => [turn.questionId, turn]));
  for (const message of messages) {
    const turn = message.role === "assistant" ? byQuestion.get(message.question_id ?? null) : undefined;
    if (!turn) continue;
    const answer = answerOf(message);
    if (!turn.answers[answer.model]) turn.models.push(answer.model);
    turn.answers[answer.model] = answer;
  }
  for (const turn of turns) turn.models.sort();
  return turns;
}

function turnOf(question: Saved, keyOf: (questionId: string) => string): Turn {
  return {
    key: keyOf(question.id),
    questionId: question.id,
    question: question.content,
    models: [],
    answers: {},
    sources: question.sources ?? null,
    filters: question.filters ?? {},
    busy: false,
    refused: null,
  };
}

function answerOf(message: Saved): Answer {
  const { error_code: code, error } = message;
  return {
    ...blank(message.model ?? ""),
    id: message.id,
    text: message.content,
    citations: (message.citations ?? []) as Citation[],
    state: !error ? "done" : code === STOPPED ? "stopped" : "failed",
    trouble: error ? { code: code ?? "", detail: error, hint: null } : null,
    usage: (message.usage as Usage | null) ?? null,
    cost: message.cost ?? null,
    seconds: message.seconds ?? null,
  };
}

/** How the server says that nobody listened any more. */
const STOPPED = "stopped";

/** Turns that nothing changed are the same objects. */
export function merged(saved: readonly Turn[], live: readonly LiveTurn[]): Turn[] {
  const turns = [...saved];
  for (const one of live) {
    const replaced = one.trouble ? -1 : turns.findIndex((turn) => turn.questionId === one.replaces);
    if (one.replaces && replaced >= 0) turns.splice(replaced);
    const at = turns.findIndex((turn) => one.questionId !== null && turn.questionId === one.questionId);
    const there = turns[at];
    if (!there) turns.push(shown(one));
    else if (!covered(there, one)) turns[at] = joined(there, one);
  }
  return turns;
}

const shownTurns = new WeakMap<LiveTurn, Turn>();

function shown(live: LiveTurn): Turn {
  const known = shownTurns.get(live);
  if (known) return known;
  const { key, questionId, question, models, answers, sources, filters } = live;
  const refused = refusedOf(live);
  const turn = {
    key,
    questionId,
    question,
    models: [...models].sort(), // the server tells the order they ended in: panes must not change places
    answers: refused ? {} : answers,
    sources,
    filters,
    refused,
    busy: live.state !== "ended",
  };
  shownTurns.set(live, turn);
  return turn;
}

function refusedOf({ trouble, key, replaces, regenerates: questionId, models }: LiveTurn): Refused | null {
  const regenerates = questionId === undefined ? undefined : { questionId, models };
  return trouble && { trouble, key, replaces, regenerates };
}

let lastJoined: { there: Turn; live: LiveTurn; turn: Turn } | null = null;

function joined(there: Turn, live: LiveTurn): Turn {
  if (lastJoined?.there === there && lastJoined.live === live) return lastJoined.turn;
  const turn = live.trouble ? { ...there, refused: refusedOf(live) } : answeredAnew(there, live);
  lastJoined = { there, live, turn };
  return turn;
}

function answeredAnew(there: Turn, live: LiveTurn): Turn {
  const answers = { ...there.answers };
  for (const answer of Object.values(live.answers)) {
    if (!isKept(answers[answer.model], answer)) answers[answer.model] = answer;
  }
  return {
    ...there,
    models: [...new Set([...there.models, ...live.models])].sort(),
    answers,
    sources: live.sources ?? there.sources,
    busy: live.state !== "ended",
  };
}

/** Whether what the server keeps has all that was heard: then nothing of it is needed any more. */
export function covered(saved: Turn, live: LiveTurn): boolean {
  if (live.state !== "ended" || live.trouble) return false;
  return Object.values(live.answers).every((answer) => isKept(saved.answers[answer.model], answer));
}

function isKept(saved: Answer | undefined, answer: Answer): boolean {
  if (!saved) return false;
  if (answer.id !== null) return saved.id === answer.id;
  // One that was stopped never told its id.
  return answer.state === "stopped" && saved.state === "stopped" && saved.text.startsWith(answer.text);
}
