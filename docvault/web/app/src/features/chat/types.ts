/** A conversation as the page shows it: questions, each with its models' answers. */
import type { components } from "@/shared/api/schema";

type Schemas = components["schemas"];

export type ConversationView = Schemas["ConversationView"];
export type ConversationDetail = Schemas["ConversationDetail"];
export type Filters = Schemas["Filters"];
export type Usage = { prompt_tokens: number; completion_tokens: number };

/** `start` and `end` are offsets in the page's text. */
type Span = { start?: number | null; end?: number | null };

export type Citation = {
  marker: number;
  document_id: string | null;
  filename: string;
  page: number;
  quote: string;
  boxes: number[][];
} & Span;

/** A passage that was read for a question; answers cite it as `n`. Without a document where that is gone. */
export type Source = {
  n: number;
  document_id: string | null;
  filename: string;
  page: number;
  section: string[];
  text: string;
  boxes: number[][];
  passage_start?: number;
  passage_end?: number;
};

export type Trouble = { code: string; detail: string; hint: string | null };

export type AnswerState = "waiting" | "writing" | "done" | "failed" | "stopped";

/** One model's answer. `seconds` from the question to its end; null as long as nobody knows. */
export type Answer = {
  id: string | null;
  model: string;
  text: string;
  citations: Citation[];
  state: AnswerState;
  trouble: Trouble | null;
  usage: Usage | null;
  cost: number | null;
  seconds: number | null;
};

/** A question and its answers by model. `key` stays while the question gets its id. */
export type Turn = {
  key: string;
  questionId: string | null;
  question: string;
  models: string[];
  answers: Record<string, Answer>;
  /** Null where nobody kept them. */
  sources: Source[] | null;
  filters: Filters;
  busy: boolean;
  refused: Refused | null;
};

/** What was not even taken of a question, and why. */
export type Refused = {
  trouble: Trouble;
  /** Of what was asked; the question that stands there may have another. */
  key: string;
  /** The question whose place it was to take. */
  replaces?: string | undefined;
  /** Those that were to answer a question that stands again. */
  regenerates?: { questionId: string; models: string[] } | undefined;
};

export const MOST_MODELS = 4;
