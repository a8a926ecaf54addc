// @vitest-environment jsdom
import { cleanup, renderHook } from "@testing-library/react";
import i18next from "i18next";
import { afterEach, expect, test } from "vitest";
import { useToasts } from "@/shared/ui/toast";
import { forgetOnSignOut, queryClient } from "./query";
import { signedIn, signedOut } from "./session";

const tokensOf = (id: string) => {
  const user = {
    id,
    email: `${id}@b.c`,
    is_admin: false,
    created_at: "2026-01-01T00:00:00Z",
    preferences: {},
  };
  return { access_token: id, token_type: "bearer", expires_in: 900, user } as const;
};
const KEY = ["documents"];
let deaf: () => void = () => undefined;

afterEach(() => {
  cleanup();
  deaf();
  signedOut();
  queryClient.clear();
});

test("who was known before anybody listened leaves nothing behind either", () => {
  signedIn(tokensOf("anna"));
  deaf = forgetOnSignOut();
  queryClient.setQueryData(KEY, ["anna's"]);
  signedOut();
  expect(queryClient.getQueryData(KEY)).toBeUndefined();
});

test("one person after the other, without a sign-out, find nothing of each other", () => {
  deaf = forgetOnSignOut();
  signedIn(tokensOf("anna"));
  queryClient.setQueryData(KEY, ["anna's"]);
  signedIn(tokensOf("bert"));
  expect(queryClient.getQueryData(KEY)).toBeUndefined();
});

test("a token that is renewed costs nothing", () => {
  deaf = forgetOnSignOut();
  signedIn(tokensOf("anna"));
  queryClient.setQueryData(KEY, ["anna's"]);
  signedIn({ ...tokensOf("anna"), access_token: "another" });
  expect(queryClient.getQueryData(KEY)).toEqual(["anna's"]);
});

test("what fails is said to whoever wanted it, and to nobody else", async () => {
  await i18next.init({ lng: "en", resources: {} });
  deaf = forgetOnSignOut();
  const toasts = () => renderHook(useToasts).result.current.length;
  const fail = () => {
    let broken: () => void = () => undefined;
    const mutationFn = () => new Promise((_, reject) => (broken = () => reject(new Error("No."))));
    const over = queryClient.getMutationCache().build(queryClient, { mutationFn }).execute(undefined);
    return { broken: () => broken(), over: over.catch(() => undefined) };
  };
  signedIn(tokensOf("anna"));
  const first = fail();
  await Promise.resolve();
  first.broken();
  await first.over;
  expect(toasts()).toBe(1);
  const second = fail();
  await Promise.resolve();
  signedOut();
  expect(toasts()).toBe(0);
  second.broken();
  await second.over;
  expect(toasts()).toBe(0);
});
