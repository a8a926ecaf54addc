// @vitest-environment jsdom
import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useTyped } from "./typed";

const PAUSE = 200;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

function field(tell: (text: string) => void) {
  return renderHook(({ said }) => useTyped(said, PAUSE, tell), { initialProps: { said: "" } });
}

test("tells when nobody types any more, and only then", () => {
  const tell = vi.fn();
  const { result } = field(tell);
  act(() => result.current[1]("ti"));
  act(() => void vi.advanceTimersByTime(PAUSE - 1));
  act(() => result.current[1]("tide"));
  act(() => void vi.advanceTimersByTime(PAUSE));
  expect(tell.mock.calls).toEqual([["tide"]]);
});

test("what the address says late does not undo what was typed since", () => {
  const { result, rerender } = field(() => undefined);
  act(() => result.current[1]("ti"));
  act(() => void vi.advanceTimersByTime(PAUSE));
  act(() => result.current[1]("tide"));
  rerender({ said: "ti" });
  expect(result.current[0]).toBe("tide");
});

test("follows the address when another changes it, and does not tell it back", () => {
  const tell = vi.fn();
  const { result, rerender } = field(tell);
  act(() => result.current[1]("tide"));
  act(() => void vi.advanceTimersByTime(PAUSE));
  rerender({ said: "tide" });
  rerender({ said: "" });
  expect(result.current[0]).toBe("");
  act(() => void vi.advanceTimersByTime(10 * PAUSE));
  expect(tell).toHaveBeenCalledOnce();
});
