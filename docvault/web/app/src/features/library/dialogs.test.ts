// @vitest-environment jsdom
import { cleanup, renderHook } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { signedIn, signedOut } from "@/shared/api/session";
import { openDialog, useOpenDialog } from "./dialogs";

afterEach(cleanup);

test("a dialog that was open when the session ended opens for nobody else", () => {
  const user = {
    id: "1",
    email: "a@b.c",
    is_admin: false,
    created_at: "2026-01-01T00:00:00Z",
    preferences: {},
  };
  signedIn({ access_token: "one", token_type: "bearer", expires_in: 900, user });
  openDialog({ kind: "renameFolder", path: "Station/Logs" });
  expect(renderHook(useOpenDialog).result.current?.kind).toBe("renameFolder");
  signedOut();
  expect(renderHook(useOpenDialog).result.current).toBeNull();
});
