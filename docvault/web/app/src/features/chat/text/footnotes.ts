/** An answer to take elsewhere: Markdown, its citations as footnotes. Pure. */
import type { Citation } from "../types";
import { held, pieces } from "./markers";

/** `pageOf` says "page 3" in the reader's language. */
export function withFootnotes(
  text: string,
  citations: readonly Citation[],
  pageOf: (page: number) => string,
): string {
  const cited: Citation[] = [];
  const body = pieces(held(text, citations)).map((piece) => {
    if (typeof piece === "string") return piece;
    const citation = citations[piece.citation];
    if (!citation) return "";
    const known = cited.findIndex((one) => same(one, citation));
    if (known < 0) cited.push(citation);
    return `[^${known < 0 ? cited.length : known + 1}]`;
  });
  const notes = cited.map(
    ({ filename, page, quote }, n) =>
      `[^${n + 1}]: ${filename}, ${pageOf(page)}: “${quote.split(/\s+/).join(" ")}”`,
  );
  return [body.join("").trimEnd(), ...(notes.length ? ["", ...notes] : [])].join("\n");
}

function same(one: Citation, other: Citation): boolean {
  return one.marker === other.marker && one.quote === other.quote;
}
