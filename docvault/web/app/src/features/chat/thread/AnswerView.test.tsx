// @vitest-environment jsdom
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import i18next from "i18next";
import { afterEach, expect, test, vi } from "vitest";
import { queryClient } from "@/shared/api/query";
import german from "@/shared/texts/de";
import english from "@/shared/texts/en";
import { ActionsProvider } from "../actions";
import { blank } from "../live/reducer";
import type { Answer, Turn } from "../types";
import { AnswerView } from "./AnswerView";

afterEach(cleanup);

const ACTIONS = { busy: false, maxChars: 100, regenerate: vi.fn(), edit: vi.fn(), retry: vi.fn() };
const SAID = "stub/odd refused (401): No such key.";
const trouble = { code: "model_refused", detail: SAID, hint: null };
const answer: Answer = { ...blank("stub/odd"), state: "failed", trouble };
const TURN = { questionId: "q", models: ["stub/odd"], answers: { "stub/odd": answer } } as unknown as Turn;

test.each([
  ["de", german, "Der Anbieter hat die Anfrage abgelehnt."],
  ["en", english, null],
])(
  "%s: a model that fails is told of in one language, with its provider's words",
  async (lng, texts, own) => {
    await i18next.init({ lng, resources: { [lng]: texts } });
    render(
      <QueryClientProvider client={queryClient}>
        <ActionsProvider value={ACTIONS}>
          <AnswerView turn={TURN} answer={answer} named={false} />
        </ActionsProvider>
      </QueryClientProvider>,
    );
    if (own) expect(screen.getByText(own)).toBeTruthy();
    expect(screen.getByText(SAID).lang).toBe(own ? "en" : "");
  },
);
