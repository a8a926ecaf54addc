// @vitest-environment jsdom
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import type { Citation } from "../types";
import Markdown from "./Markdown";

afterEach(cleanup);

const GONE: Citation = {
  marker: 2,
  document_id: null,
  filename: "x.pdf",
  page: 7,
  quote: "so it is",
  boxes: [],
};

function shown(text: string, citations: Citation[] = []): HTMLElement {
  return render(<Markdown text={text} citations={citations} />).container;
}

test("HTML is shown as it was written, and does nothing", () => {
  const page = shown("A <img src=x onerror=alert(1)> <script>alert(1)</script> b");
  expect(page.querySelector("img, script")).toBeNull();
  expect(page.textContent).toContain("<script>");
});

test("pictures are named and not loaded", () => {
  const page = shown("![a plan](https://tracker.example/p.png)");
  expect(page.querySelector("img")).toBeNull();
  expect(page.querySelector("a")?.textContent).toBe("a plan (tracker.example)");
});

test("links say where they lead, and take nothing along; what is no web address is no link", () => {
  const page = shown(
    "[one](https://a.example/x) [two](javascript:alert(1)) [three](/settings) https://b.example/y",
  );
  const links = [...page.querySelectorAll("a")];
  expect(links.map((link) => [link.textContent, link.rel, link.target])).toEqual([
    ["one (a.example)", "noopener noreferrer nofollow", "_blank"],
    ["https://b.example/y", "noopener noreferrer nofollow", "_blank"],
  ]);
});

test("a marker with a citation is a chip, in a table too; in code it stays what it was", () => {
  const page = shown("So [2](elsewhere).\n\n| a |\n|---|\n| [2] |\n\n`x[2]`", [GONE, GONE, GONE]);
  expect(screen.getAllByRole("button")).toHaveLength(2);
  expect(page.querySelector("a")).toBeNull();
  expect(page.querySelector("td button")?.textContent).toBe("2");
  expect(page.querySelector("code")?.textContent).toBe("x[2]");
});

test("code can be copied, and keeps its lines", () => {
  const page = shown("```py\na = 1\n\nb = [2]\n```", [GONE]);
  expect(page.querySelector("pre")?.textContent).toBe("a = 1\n\nb = [2]");
  expect(page.querySelector("figcaption")?.textContent).toContain("py");
});

test("while it is written, finished blocks stay the very same elements", () => {
  const { container, rerender } = render(<Markdown text={"One.\n\nTw"} citations={[]} writing />);
  const first = container.querySelector("p");
  rerender(<Markdown text={"One.\n\nTwo and **mo"} citations={[]} writing />);
  expect(container.querySelector("p")).toBe(first);
  expect(container.querySelector("strong")?.textContent).toBe("mo");
});
