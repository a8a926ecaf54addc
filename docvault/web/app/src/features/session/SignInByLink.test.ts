import { expect, test } from "vitest";
import { ticketOf } from "./SignInByLink";

test("a ticket is in the fragment", () => {
  expect(ticketOf("#ticket=a.b.c")).toBe("a.b.c");
  expect(ticketOf("")).toBeNull();
  expect(ticketOf("#other=1")).toBeNull();
});
