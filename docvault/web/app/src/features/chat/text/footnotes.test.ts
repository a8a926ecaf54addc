import { expect, test } from "vitest";
import type { Citation } from "../types";
import { withFootnotes } from "./footnotes";

const cited = (marker: number, quote: string, page = 3): Citation => ({
  marker,
  document_id: "d",
  filename: "lease.pdf",
  page,
  quote,
  boxes: [],
});
const pageOf = (page: number) => `page ${page}`;

test("citations become footnotes, the same words one", () => {
  const citations = [cited(2, "ends\nin May"), cited(1, "costs 9"), cited(2, "ends\nin May")];
  expect(withFootnotes("It ends [2]. It costs [1]. Really [2].\n", citations, pageOf)).toBe(
    "It ends [^1]. It costs [^2]. Really [^1].\n\n[^1]: lease.pdf, page 3: “ends in May”\n[^2]: lease.pdf, page 3: “costs 9”",
  );
});

test("an answer without citations is as it was", () => {
  expect(withFootnotes("Nothing [1].", [], pageOf)).toBe("Nothing [1].");
});
