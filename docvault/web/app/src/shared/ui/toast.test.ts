// @vitest-environment jsdom
import { cleanup, renderHook } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { dismiss, forgetToasts, toast, useToasts } from "./toast";

afterEach(cleanup);

test("with a person go their messages, and nothing happens with them; what is about the page stays", () => {
  const onGone = vi.fn();
  const own = toast({ text: "Deleted.", onGone });
  const page = toast({ text: "There is a newer version.", forAll: true });
  forgetToasts();
  dismiss(own);
  expect(renderHook(useToasts).result.current.map(({ id }) => id)).toEqual([page]);
  expect(onGone).not.toHaveBeenCalled();
});
