import { afterEach, expect, test, vi } from "vitest";
import { fulfil, wish } from "./intents";

afterEach(() => void vi.useRealTimers());

test("a wish reaches who fulfils it, and nobody who stopped", () => {
  const heard = vi.fn();
  const stop = fulfil("upload", heard);
  wish("upload", { folder: "a" });
  stop();
  expect(heard.mock.calls).toEqual([[{ folder: "a" }]]);
  fulfil("upload", () => undefined)();
});

test("a wish waits for who is fetched still, once", () => {
  const heard = vi.fn();
  wish("palette", undefined);
  fulfil("palette", heard)();
  fulfil("palette", heard)();
  expect(heard).toHaveBeenCalledOnce();
});

test("a wish that waited too long is forgotten", () => {
  vi.useFakeTimers();
  const heard = vi.fn();
  wish("palette", undefined);
  vi.advanceTimersByTime(60_000);
  fulfil("palette", heard)();
  expect(heard).not.toHaveBeenCalled();
});
