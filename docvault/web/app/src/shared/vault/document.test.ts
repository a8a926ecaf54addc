import { afterEach, expect, test, vi } from "vitest";
import { queryClient } from "@/shared/api/query";
import { signedIn, type User } from "@/shared/api/session";
import { fetchDocument } from "./document";
import { keys } from "./keys";
import { showDocuments } from "./lists";
import type { DocumentView } from "./types";

afterEach(() => vi.unstubAllGlobals());

test("an answer that comes late does not undo what an event told meanwhile", async () => {
  vi.stubGlobal("localStorage", { setItem: () => undefined });
  signedIn({ access_token: "token", token_type: "bearer", expires_in: 900, user: { id: "me" } as User });
  vi.stubGlobal("fetch", async () => Response.json({ id: "a", status: "processing" }));
  const queryKey = keys.document("a");
  const asking = queryClient.fetchQuery({ queryKey, queryFn: () => fetchDocument("a") });
  showDocuments([{ id: "a", status: "ready" } as DocumentView]);
  await asking;
  expect(queryClient.getQueryData(queryKey)).toMatchObject({ status: "ready" });
});
