import { expect, test } from "vitest";
import { chosen, nameOf } from "./models";

const MODELS = ["extractive", "a/one", "a/two", "b/three", "b/four"].map((id) => ({
  id,
  provider: "x",
  default: id === "extractive",
}));

test("the first wish of which something is left goes first", () => {
  expect(chosen(MODELS, undefined, ["gone/model"], ["a/two", "a/one"])).toEqual(["a/two", "a/one"]);
  expect(chosen(MODELS, ["b/three", "gone/model"], ["a/two"])).toEqual(["b/three"]);
});

test("without a wish the vault's own are asked, and never more than four", () => {
  expect(chosen(MODELS, [], null)).toEqual(["extractive"]);
  expect(
    chosen(
      MODELS,
      MODELS.map((model) => model.id),
    ),
  ).toHaveLength(4);
  expect(chosen([])).toEqual([]);
});

test("a model is called by what comes behind its provider", () => {
  expect(nameOf("openrouter/meta/llama", "Quotes")).toBe("meta/llama");
  expect(nameOf("extractive", "Quotes")).toBe("Quotes");
});
