// @vitest-environment jsdom
import { beforeAll, expect, test } from "vitest";
import { asPart, isMissing, watchParts } from "./parts";

function failed(): Error {
  const error = new TypeError("Failed to fetch dynamically imported module: /assets/x.js");
  window.dispatchEvent(Object.assign(new Event("vite:preloadError"), { payload: error }));
  return error;
}

beforeAll(() => {
  document.documentElement.dataset.version = "1";
  globalThis.fetch = () => Promise.reject(new TypeError("no connection"));
  watchParts();
});

test("a part that could not be fetched is told from one that broke", () => {
  const error = failed();
  expect(isMissing(error)).toBe(true);
  expect(() => asPart(error)).toThrow(expect.objectContaining({ cause: error }));
  expect(isMissing(new Error("again", { cause: error }))).toBe(true);
  expect(isMissing(new Error("broken"))).toBe(false);
});
