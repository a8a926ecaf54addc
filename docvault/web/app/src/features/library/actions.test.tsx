// @vitest-environment jsdom
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, configure, renderHook, waitFor } from "@testing-library/react";
import i18next from "i18next";
import type { ReactNode } from "react";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { queryClient } from "@/shared/api/query";
import { signedIn, type User } from "@/shared/api/session";
import { keys } from "@/shared/vault/keys";
import type { DocumentPage } from "@/shared/vault/lists";
import type { DocumentView } from "@/shared/vault/types";
import { type Actions, useActions } from "./actions";

configure({ asyncUtilTimeout: 10_000 }); // a busy machine is no failure

const LIST = keys.documentPage({}, 0);
const document = (id: string) =>
  ({
    id,
    filename: `${id}.txt`,
    status: "ready",
    folder: "",
    tags: [],
    trashed_at: null,
  }) as unknown as DocumentView;
const refused = vi.fn();
const around = ({ children }: { children: ReactNode }) => (
  <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
);

beforeAll(async () => void (await i18next.init({ lng: "en", resources: {} })));
beforeEach(() => {
  queryClient.clear();
  refused.mockReset();
  signedIn({ access_token: "token", token_type: "bearer", expires_in: 900, user: { id: "me" } as User });
  vi.stubGlobal("fetch", async (request: Request) => {
    refused(new URL(request.url).pathname, shown("a"));
    return Response.json({ code: "conflict", detail: "No." }, { status: 409 });
  });
  queryClient.setQueryData(LIST, { items: [document("a"), document("b")], total: 2 });
  queryClient.setQueryData(keys.document("a"), document("a"));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const shown = (id: string) => queryClient.getQueryData<DocumentView>(keys.document(id));

test.each<[string, (actions: Actions) => void, Partial<DocumentView>]>([
  ["rename", (actions) => actions.rename(document("a"), "new.txt"), { filename: "new.txt" }],
  ["move", (actions) => actions.move(["a", "b"], "x"), { folder: "x" }],
  ["tags", (actions) => actions.changeTags(["a", "b"], ["x"], []), { tags: ["x"] }],
])("%s: what the server refuses is taken back wherever it was shown", async (_what, act, foreseen) => {
  const { result } = renderHook(useActions, { wrapper: around });
  act(result.current);
  await waitFor(() => expect(queryClient.isMutating()).toBe(0));
  expect(refused.mock.calls[0]?.[1]).toMatchObject(foreseen);
  expect(shown("a")).toEqual(document("a"));
  expect(shown("b")?.folder ?? "").toBe("");
  expect(queryClient.getQueryState(keys.document("a"))?.isInvalidated).toBe(true); // the reader asks again
  expect(queryClient.getQueryData<DocumentPage>(LIST)?.items).toEqual([document("a"), document("b")]);
});
