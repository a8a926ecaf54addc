import { expect, test } from "vitest";
import { citedSpans, findAll, findQuote, fold, unitsOf } from "./match";

const at = (text: string, spans: { start: number; end: number }[]) =>
  spans.map((span) => text.slice(span.start, span.end));

test("a quote is found over line ends, broken words and ligatures", () => {
  const page = "We ﬁnd that few-\nshot demon-\nstrations  of eﬃcient\nmodels help. More follows.";
  expect(at(page, findQuote(page, "few-shot demonstrations of efficient models"))).toEqual([
    "few-\nshot demon-\nstrations  of eﬃcient\nmodels",
  ]);
});

test("a quote with a gap marks what stands on both sides of it", () => {
  const page = "The barometer fell by 31 hectopascals. Nobody saw it at once. The outer pontoon broke loose.";
  expect(
    at(page, findQuote(page, "The barometer fell by 31 hectopascals … The outer pontoon broke loose.")),
  ).toEqual(["The barometer fell by 31 hectopascals", "The outer pontoon broke loose."]);
});

test("words that are not on the page are marked nowhere", () => {
  expect(findQuote("The harbour is open.", "The airport is closed until further notice.")).toEqual([]);
  expect(findQuote("anything", "")).toEqual([]);
});

test("of several places the one nearest to the offset is meant", () => {
  expect(findQuote("tide and tide and tide", "tide", 10)).toEqual([{ start: 9, end: 13 }]);
});

test("every hit is found, whatever its accents and capitals", () => {
  const text = "Café CAFE cafe\u0301 cafeteria";
  expect(at(text, findAll(text, "café"))).toEqual(["Café", "CAFE", "cafe\u0301", "cafe"]);
  expect(findAll(text, "  ")).toEqual([]);
});

test("a search crosses a line end but joins no words", () => {
  expect(findAll("an\n ion", "an ion")).toHaveLength(1);
  expect(findAll("canion", "an ion")).toHaveLength(0);
  expect(findAll("inter-\nnational", "international")).toHaveLength(1);
});

test("what became several letters is marked whole", () => {
  expect(at("a ﬃ b", findAll("a ﬃ b", "f"))).toEqual(["ﬃ", "ﬃ"]);
  expect(fold("ﬃ", true).text).toBe("ffi");
});

test("the server's characters become units", () => {
  expect(unitsOf("🌊🌊 sea", 3)).toBe(5);
  expect(unitsOf("sea", 9)).toBe(3);
});

test("offsets count where they fit the quote, else the quote is looked for", () => {
  const text = "🌊 High water at four. Low water at ten.";
  expect(at(text, citedSpans(text, { start: 2, end: 20, quote: "High water\nat four" }))).toEqual([
    "High water at four",
  ]);
  expect(at(text, citedSpans(text, { start: 0, end: 3, quote: "Low water at ten" }))).toEqual([
    "Low water at ten",
  ]);
  expect(at(text, citedSpans(text, { start: 2, end: 6 }))).toEqual(["High"]);
  expect(citedSpans(text, {})).toEqual([]);
});
