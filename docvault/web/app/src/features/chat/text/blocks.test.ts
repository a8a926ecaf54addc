import { expect, test } from "vitest";
import { blocks, codeOf, mended } from "./blocks";

test("paragraphs, headings and tables are blocks of their own", () => {
  const text = "## Title\n\nOne.\nStill one.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nTwo.";
  expect(blocks(text)).toEqual([
    "## Title\n\n",
    "One.\nStill one.\n\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n",
    "Two.",
  ]);
});

test("nothing is cut inside code, however it is fenced", () => {
  const text = "Before.\n\n````md\n```\n\ninside\n```\n\nstill\n````\n\nAfter.";
  expect(blocks(text)).toEqual(["Before.\n\n", "````md\n```\n\ninside\n```\n\nstill\n````\n\n", "After."]);
});

test("code that is not closed yet goes to the end", () => {
  expect(blocks("~~~\na\n\nb\n")).toEqual(["~~~\na\n\nb\n"]);
});

test("a loose list keeps its numbers", () => {
  const text = "1. one\n\n   more\n\n2. two\n\nAfter.";
  expect(blocks(text)).toEqual(["1. one\n\n   more\n\n2. two\n\n", "After."]);
});

test("a list behind a line of text keeps its items together", () => {
  expect(blocks("So:\n- a\n\n- b\n\nAfter.")).toEqual(["So:\n- a\n\n- b\n\n", "After."]);
});

test("definitions keep a text whole, once it is", () => {
  const text = "See [it][1].\n\n[1]: https://example.org\n";
  expect(blocks(text)).toEqual([text]);
  expect(blocks(text, true)).toHaveLength(2);
});

test("code stands for itself, close as it may be to other words", () => {
  expect(blocks("Run:\n```sh\nls\n```\nThen.")).toEqual(["Run:\n", "```sh\nls\n```\n", "Then."]);
  expect(blocks("- a\n  ```\n  b\n\n  c\n  ```\n- d")).toHaveLength(1);
  expect(blocks("```a``` is no fence.\n\nAfter.")).toEqual(["```a``` is no fence.\n\n", "After."]);
});

test("a long list is cut between its items only while it is written", () => {
  const text = Array.from({ length: 200 }, (_, n) => `${n + 1}. An item\n   and more of it\n`).join("");
  const parts = blocks(text, true);
  expect(parts.length).toBeGreaterThan(2);
  expect(parts.every((part) => /^\d+\. An item\n {3}and/.test(part))).toBe(true);
  expect(parts.join("")).toBe(text);
  expect(blocks(text)).toEqual([text]);
});

test.each([
  ["```py\na = 1\n```\n\n", { language: "py", code: "a = 1" }],
  ["```py title=x\na\n", { language: "py", code: "a" }],
  ["~~~~\n~~~\n\n  b\n~~~~", { language: "", code: "~~~\n\n  b" }],
  ["```", { language: "", code: "" }],
  ["```a``` is no code", null],
  ["A word", null],
])("code alone: %j", (block, code) => {
  expect(codeOf(block)).toEqual(code);
});

test.each([
  "",
  "\n\n",
  "a",
  "a\n\n\n\nb\n",
  "- a\n\n\n- b\n\nc",
  "```\nx\n```\n\n\ny",
  "a\n```\nx\n```\nb\n```",
])("joined again: %j", (text) => {
  expect(blocks(text).join("")).toBe(text);
});

test("writing on changes the last block alone", () => {
  const text = "# A\n\nOne [1].\n\n- x\n- y\n\n```js\nlet a;\n\nlet b;\n```\n\nEnd of it.";
  let before: string[] = [];
  for (let end = 1; end <= text.length; end++) {
    const now = blocks(text.slice(0, end));
    expect(now.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
    before = now;
  }
  expect(before).toHaveLength(5);
});

test("what is open at the end is closed", () => {
  expect(mended("This is **bo")).toBe("This is **bo**");
  expect(mended("Call `run")).toBe("Call `run`");
  expect(mended("This is **")).toBe("This is ");
  expect(mended("All **closed** here")).toBe("All **closed** here");
  expect(mended("```py\na ** b")).toBe("```py\na ** b");
});
