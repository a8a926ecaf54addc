// @vitest-environment jsdom
import { cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { forgetOnSignOut } from "@/shared/api/query";
import { sessionState, signedIn, signedOut, signOut } from "@/shared/api/session";
import { useToasts } from "@/shared/ui/toast";
import { deleteSoon, useLeaving } from "./deleting";

const tokensOf = (id: string) => {
  const user = {
    id,
    email: `${id}@b.c`,
    is_admin: false,
    created_at: "2026-01-01T00:00:00Z",
    preferences: {},
  };
  return { access_token: `token of ${id}`, token_type: "bearer", expires_in: 900, user } as const;
};
const TEXTS = { gone: "“Keys” was deleted.", undo: "Undo" };

let asked: string[] = [];
let answer: (status: number) => void;
let deaf: () => void;
const { href } = location;
const NodeRequest = Request;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  deaf = forgetOnSignOut();
  signedIn(tokensOf("anna"));
  // Node knows no page that an address could be relative to.
  vi.stubGlobal(
    "Request",
    class extends NodeRequest {
      constructor(input: Request | string, init?: RequestInit) {
        super(typeof input === "string" ? new URL(input, href) : input, init);
      }
    },
  );
  vi.stubGlobal("fetch", (input: Request | string, init?: RequestInit) => {
    const request = new Request(input, init);
    asked.push(`${request.method} ${request.url.slice(href.length)} ${request.headers.get("Authorization")}`);
    if (request.method !== "DELETE") return Promise.resolve(new Response(null, { status: 204 }));
    return new Promise((resolve) => {
      answer = (status) => resolve(new Response(null, { status }));
    });
  });
});
afterEach(() => {
  cleanup();
  signedOut();
  deaf();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const toasts = () => renderHook(useToasts).result.current.map(({ text }) => text);
const leaving = () => [...renderHook(useLeaving).result.current.keys()];
const settle = () => vi.advanceTimersByTimeAsync(0);

test("who signs out takes along what can still be taken back, and first", async () => {
  deleteSoon("c", TEXTS);
  expect(toasts()).toEqual([TEXTS.gone]);
  const over = signOut();
  await settle();
  expect(asked).toEqual(["DELETE api/conversations/c Bearer token of anna"]);
  expect(sessionState().status).toBe("in");
  answer(204);
  await over;
  expect(sessionState().status).toBe("out");
  expect(asked[1]).toBe("POST api/auth/logout?everywhere=false Bearer token of anna");
  expect([toasts(), leaving()]).toEqual([[], []]);
});

test("a server that does not answer keeps nobody from signing out", async () => {
  deleteSoon("c", TEXTS);
  const over = signOut();
  await vi.advanceTimersByTimeAsync(5000);
  await over;
  expect(sessionState().status).toBe("out");
  answer(401);
  await settle();
  expect([toasts(), leaving()]).toEqual([[], []]);
});

test("signing out takes no time where nothing is left to do", () => {
  void signOut();
  expect(sessionState().status).toBe("out");
});

test("what nobody can delete any more is not deleted in the name of the next", async () => {
  deleteSoon("c", TEXTS);
  signedOut();
  expect([toasts(), leaving()]).toEqual([[], []]);
  signedIn(tokensOf("bert"));
  await vi.advanceTimersByTimeAsync(20_000);
  window.dispatchEvent(new Event("pagehide"));
  expect(asked).toEqual([]);
});
