// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from "vitest";
import { api, body } from "./client";
import { sessionState, signedIn, signedOut } from "./session";

const USER = {
  id: "1",
  email: "a@b.c",
  is_admin: false,
  created_at: "2026-01-01T00:00:00Z",
  preferences: {},
};
const TOKENS = { access_token: "one", token_type: "bearer", expires_in: 900, user: USER } as const;

function answer(status: number, said: object): Response {
  const headers = { "Content-Type": "application/problem+json" };
  return new Response(JSON.stringify(said), { status, headers });
}

describe("a call that is refused", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    signedOut();
  });

  it("leaves the person signed in when it was a wrong password, and asks once", async () => {
    signedIn(TOKENS);
    const asked = vi.fn(async () => answer(401, { code: "invalid_credentials", detail: "Wrong." }));
    vi.stubGlobal("fetch", asked);
    const change = body(api.POST("/api/me/password", { body: { current: "x", new: "y" } }));
    await expect(change).rejects.toMatchObject({ code: "invalid_credentials" });
    expect(asked).toHaveBeenCalledTimes(1);
    expect(sessionState().status).toBe("in");
  });

  it("is asked again with a fresh token when the token was too old", async () => {
    signedIn(TOKENS);
    const answers = [
      answer(401, { code: "token_expired", detail: "Too old." }),
      new Response(JSON.stringify({ ...TOKENS, access_token: "two" })),
      new Response(JSON.stringify(USER)),
    ];
    const asked = vi.fn(async (_input: Request | string) => answers.shift() as Response);
    vi.stubGlobal("fetch", asked);
    await expect(body(api.GET("/api/me"))).resolves.toMatchObject({ id: "1" });
    const last = asked.mock.calls[2]?.[0] as Request;
    expect(last.headers.get("Authorization")).toBe("Bearer two");
  });

  it("is not asked again in the name of the next person, nor does it sign them out", async () => {
    signedIn(TOKENS);
    const asked = vi.fn(async () => {
      signedIn({ ...TOKENS, access_token: "other", user: { ...USER, id: "2" } });
      return answer(401, { code: "token_expired", detail: "Too old." });
    });
    vi.stubGlobal("fetch", asked);
    await expect(body(api.GET("/api/me"))).rejects.toMatchObject({ status: 401 });
    expect(asked).toHaveBeenCalledTimes(1);
    expect(sessionState()).toMatchObject({ status: "in", session: { token: "other" } });
  });
});
