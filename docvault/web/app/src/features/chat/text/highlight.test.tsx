// @vitest-environment jsdom
import { cleanup, configure, render, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { Highlighted } from "./Highlighted";
import { coloured } from "./languages";

configure({ asyncUtilTimeout: 10_000 }); // a busy machine is no failure

afterEach(cleanup);

const spans = () => screen.getByRole("code").querySelectorAll("span").length;

test("code gets its colours, and its words stay", async () => {
  const code = 'def check(name: str) -> bool:\n    return name == "<b>"  # really';
  render(<Highlighted code={code} language="py" />);
  expect(screen.getByRole("code").textContent).toBe(code);
  await waitFor(() => expect(spans()).toBeGreaterThan(3));
  expect(screen.getByRole("code").textContent).toBe(code);
  expect(screen.getByRole("code").querySelector("b")).toBeNull();
});

test("what is written on stands at once behind what has its colours", async () => {
  const { rerender } = render(<Highlighted code="let a = 1;" language="js" />);
  await waitFor(() => expect(spans()).toBeGreaterThan(1));
  const before = spans();
  rerender(<Highlighted code={"let a = 1;\nlet b = 2;"} language="js" />);
  expect(screen.getByRole("code").textContent).toBe("let a = 1;\nlet b = 2;");
  expect(spans()).toBe(before);
  await waitFor(() => expect(spans()).toBeGreaterThan(before));
});

test("a language that nobody knows has no colours", async () => {
  expect(coloured("++[>++<-]", "brainfuck")).toBeNull();
  expect(coloured("a", "__proto__")).toBeNull();
  render(<Highlighted code="++[>++<-]" language="brainfuck" />);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(spans()).toBe(0);
});
