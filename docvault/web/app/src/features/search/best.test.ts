import { expect, test } from "vitest";
import { bestSentences, bodyOf, sentencesOf } from "./best";
import type { Hit } from "./query";

function hit(text: string, words: string[], section: string[] = [], id = "1"): Hit {
  const marks = words.flatMap((word) =>
    [...text.matchAll(new RegExp(word, "gi"))].map(({ index }) => [index, index + word.length]),
  );
  return { chunk_id: id, filename: "tides.pdf", text, section, marks } as unknown as Hit;
}

function best(...hits: Hit[]): (string | undefined)[] {
  const found = bestSentences(hits);
  return hits.map(({ chunk_id, text }) => {
    const span = found.get(chunk_id);
    return span && text.slice(span.start, span.end);
  });
}

test("most of the question's words, not most words", () => {
  const text = "Tides and tides and tides. The ferry waits for tides. Nothing else.";
  expect(best(hit(text, ["tides", "ferry"]))).toEqual(["The ferry waits for tides."]);
});

test("a rare word weighs more than one that is everywhere", () => {
  const others = ["2", "3", "4"].map((id) => hit("A report on it.", ["report"], [], id));
  const first = hit("The report says so. The sluice broke.", ["report", "sluice"]);
  expect(best(first, ...others)[0]).toBe("The sluice broke.");
});

test("what holds much less of the question than the best sentence of all does not answer it", () => {
  const hits = [
    hit("The dive plan goes to the safety officer.", ["dive", "plan", "safety", "officer"], [], "1"),
    hit("They do not dive.", ["dive"], [], "2"),
    hit("The safety officer reads every plan.", ["safety", "officer", "plan"], [], "3"),
  ];
  const found = bestSentences(hits);
  expect(hits.map(({ chunk_id }) => found.get(chunk_id)?.answers)).toEqual([true, false, true]);
});

test("a heading says nothing but the question's words, the sentence below it does", () => {
  const text = "Dive plans\n\nThe dive plan goes to the officer.";
  expect(best(hit(text, ["dive", "plans?"]))).toEqual(["The dive plan goes to the officer."]);
});

test("no words, no sentence", () => {
  expect(best(hit("Nothing of it.", []))).toEqual([undefined]);
});

test("headings shown above are not the answer, and a passage begins behind them", () => {
  const text = "Tides\n\nHigh water\n\nThe tides here are high at noon.";
  const one = hit(text, ["tides"], ["Tides", "High water"]);
  expect(text.slice(bodyOf(one))).toBe("The tides here are high at noon.");
  expect(best(one)).toEqual(["The tides here are high at noon."]);
});

test("lines that were broken to fit are one sentence; rows and entries are their own", () => {
  const text = "The ferry waits\nfor the tide. It goes.\n\nQuay | Fee\nNorth | 4\n\n- Pay here\n- Keep it";
  expect(sentencesOf(text).map(({ start, end }) => text.slice(start, end))).toEqual([
    "The ferry waits\nfor the tide.",
    "It goes.",
    "Quay | Fee",
    "North | 4",
    "- Pay here",
    "- Keep it",
  ]);
});

test("places are counted in units where letters take two", () => {
  const text = "😀😀 Hello there. The tide is high.";
  const at = [...text].join("").indexOf("tide") - 2;
  const one = { ...hit(text, []), marks: [[at, at + 4]] } as unknown as Hit;
  expect(best(one)).toEqual(["The tide is high."]);
});
