// @vitest-environment jsdom
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, configure, fireEvent, render, screen, waitFor } from "@testing-library/react";
import i18next from "i18next";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { Problem } from "@/shared/api/problem";
import { queryClient } from "@/shared/api/query";
import type { ServerEvent } from "@/shared/api/sse";
import { ActionsProvider } from "./actions";
import { blank } from "./live/reducer";
import { drop, useLiveTurns } from "./live/store";
import { modelsQuery } from "./models";
import { TurnView } from "./thread/TurnView";
import { merged } from "./thread/turns";
import type { Answer, Turn } from "./types";
import { useChatActions } from "./useChatActions";

configure({ asyncUtilTimeout: 10_000 }); // a busy machine is no failure

const sent: object[] = [];
vi.mock("@/shared/api/sse", () => ({
  serverEvents: async function* (_path: string, init: RequestInit): AsyncGenerator<ServerEvent> {
    sent.push(JSON.parse(String(init.body)));
    if (sent.length % 2) throw new Problem(429, "too_many_requests", "Wait a moment.");
    yield { event: "sources", data: { conversation_id: "c", question_id: "q", models: ["a"] } };
    await new Promise(() => undefined);
  },
}));

const PATIENCE = 30_000; // the words of answers are fetched on demand, which takes a busy machine seconds
const answer: Answer = { ...blank("stub/well"), id: "m", text: "All is well.", state: "done" };
const SAVED: Turn = {
  key: "q",
  questionId: "q",
  question: "Why?",
  models: ["stub/well"],
  answers: { "stub/well": answer },
  sources: [],
  filters: {},
  busy: false,
  refused: null,
};
const NOWHERE = { tags: [], documents: [] };
const CHOSEN = ["stub/chosen"];
let forget: () => void = () => undefined;

/** As a conversation shows it, with a chat in which other models are chosen by now. */
function Conversation() {
  const live = useLiveTurns("c");
  forget = () => drop(live.map(({ key }) => key));
  const turns = merged([SAVED], live);
  const actions = useChatActions("c", { turns, missing: false }, CHOSEN, NOWHERE, 100);
  return (
    <ActionsProvider value={actions}>
      <button type="button" onClick={() => actions.edit(SAVED, "Why not?")}>
        Ask in other words
      </button>
      {turns.map((turn) => (
        <TurnView key={turn.key} turn={turn} />
      ))}
    </ActionsProvider>
  );
}

function shown(): void {
  queryClient.setQueryData(modelsQuery.queryKey, { items: [] });
  render(
    <QueryClientProvider client={queryClient}>
      <Conversation />
    </QueryClientProvider>,
  );
}

const named = (name: string) => screen.findByRole("button", { name }, { timeout: PATIENCE });
const questions = () => screen.getAllByRole("heading", { level: 2 }).map(({ textContent }) => textContent);

beforeAll(async () => void (await i18next.init({ lng: "en", resources: {} })));
afterEach(() => {
  forget();
  cleanup();
  sent.length = 0;
});

test(
  "an answer that is asked for again and refused stays, and trying again asks for just it",
  async () => {
    shown();
    fireEvent.click(await named("answer.regenerate"));
    const again = await named("action.retry");
    expect(await screen.findByText("All is well.", {}, { timeout: PATIENCE })).toBeTruthy();
    fireEvent.click(again);
    await waitFor(() => expect(sent).toHaveLength(2));
    expect(sent[1]).toEqual({
      models: ["stub/well"],
      filters: {},
      conversation_id: "c",
      regenerates: "q",
    });
    await waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
    expect(questions()).toEqual(["Why?"]);
  },
  2 * PATIENCE,
);

test("a question in other words that was refused takes its place when it is tried again", async () => {
  shown();
  fireEvent.click(await named("Ask in other words"));
  const again = await named("action.retry");
  expect(questions()).toEqual(["Why?", "Why not?"]);
  fireEvent.click(again);
  await waitFor(() => expect(sent).toHaveLength(2));
  expect(sent[1]).toMatchObject({ question: "Why not?", models: CHOSEN, replaces: "q" });
  await waitFor(() => expect(questions()).toEqual(["Why not?"]));
});

test("what was refused is over when the same is asked once more", async () => {
  shown();
  fireEvent.click(await named("Ask in other words"));
  await named("action.retry");
  fireEvent.click(await named("Ask in other words"));
  await waitFor(() => expect(questions()).toEqual(["Why not?"]));
  expect(screen.queryByRole("alert")).toBeNull();
});
