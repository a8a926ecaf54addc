// @vitest-environment jsdom
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, configure, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { queryClient } from "@/shared/api/query";
import { ActionsProvider } from "../actions";
import { blank } from "../live/reducer";
import { modelsQuery } from "../models";
import type { Answer, Turn } from "../types";
import { Answers } from "./Answers";
import { Layout } from "./layout";

configure({ asyncUtilTimeout: 10_000 }); // a busy machine is no failure

afterEach(cleanup);

const PATIENCE = 30_000; // panes and Markdown are fetched on demand, which a cold and busy machine takes seconds for

const ACTIONS = { busy: false, maxChars: 100, regenerate: vi.fn(), edit: vi.fn(), retry: vi.fn() };
const LAYOUT = { width: 1000, tab: "", setTab: () => undefined, shares: {}, setShares: () => undefined };
const well: Answer = { ...blank("stub/well"), text: "All is well.", state: "done" };
// Not what the server says, but what a fault of this page could make of it.
const broken = { ...blank("stub/odd"), text: "Oh.", state: "done", citations: null } as unknown as Answer;
const TURN: Turn = {
  key: "k",
  questionId: "q",
  question: "Why?",
  models: ["stub/well", "stub/odd"],
  answers: { "stub/well": well, "stub/odd": broken },
  sources: [],
  filters: {},
  busy: false,
  refused: null,
};

test(
  "a pane that breaks takes no other along",
  async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    vi.stubGlobal(
      "ResizeObserver",
      class {
        observe() {}
        unobserve() {}
        disconnect() {}
      },
    );
    queryClient.setQueryData(modelsQuery.queryKey, { items: [] });
    render(
      <QueryClientProvider client={queryClient}>
        <ActionsProvider value={ACTIONS}>
          <Layout value={LAYOUT}>
            <Answers turn={TURN} />
          </Layout>
        </ActionsProvider>
      </QueryClientProvider>,
    );
    expect(await screen.findByText("All is well.", {}, { timeout: PATIENCE })).toBeTruthy();
    expect(await screen.findByRole("alert", {}, { timeout: PATIENCE })).toBeTruthy();
    expect(screen.getByText("All is well.")).toBeTruthy();
  },
  PATIENCE * 2,
);
