// @vitest-environment jsdom
import { afterEach, expect, test } from "vitest";
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
