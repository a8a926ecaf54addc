import { expect, test } from "vitest";
import type { Citation } from "../types";
import { held, pieces, released, remarkCitations } from "./markers";

const cited = (marker: number, quote = "q"): Citation => ({
  marker,
  document_id: "d",
  filename: "x.pdf",
  page: 1,
  quote,
  boxes: [],
});

test("each marker finds its own citation, in the order they came", () => {
  const citations = [cited(2, "first"), cited(1), cited(2, "second")];
  expect(pieces(held("A [2], b [1][2].", citations))).toEqual([
    "A ",
    { citation: 0 },
    ", b ",
    { citation: 1 },
    { citation: 2 },
    ".",
  ]);
});

test("kept citations come in the order of their markers, and still find theirs", () => {
  const citations = [cited(1), cited(2, "first"), cited(2, "second")];
  expect(pieces(held("A [2], b [1][2].", citations))).toEqual([
    "A ",
    { citation: 1 },
    ", b ",
    { citation: 0 },
    { citation: 2 },
    ".",
  ]);
});

test("brackets without a citation are text", () => {
  expect(pieces(held("See [3] and [2024] and [x].", [cited(1)]))).toEqual(["See [3] and [2024] and [x]."]);
});

test("a text cannot make markers of its own", () => {
  expect(pieces(held("evil \uE0007\uE001 text", [cited(1)]))).toEqual(["evil 7 text"]);
});

test("code shows what was written", () => {
  const citations = [cited(4)];
  expect(released(held("list[4]", citations), citations)).toBe("list[4]");
});

test("in Markdown's tree a marker becomes an element, anywhere in the text", () => {
  const paragraph = { type: "paragraph", children: [{ type: "text", value: held("So [1].", [cited(1)]) }] };
  const tree = { type: "root", children: [paragraph] };
  remarkCitations()(tree);
  expect(paragraph.children).toMatchObject([
    { type: "text", value: "So " },
    { type: "citation", data: { hName: "cite", hProperties: { dataCitation: "0" } } },
    { type: "text", value: "." },
  ]);
});
