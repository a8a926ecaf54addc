/** What a document is, as people sort them: by its content type, whatever its name says. */
export const KINDS = ["pdf", "text", "table", "slides", "image", "mail", "archive", "book", "other"] as const;
export type Kind = (typeof KINDS)[number];

const RULES: readonly [RegExp, Kind][] = [
  [/^application\/pdf$/, "pdf"],
  [/^image\//, "image"],
  [/spreadsheet|ms-excel|csv|tab-separated/, "table"],
  [/presentation|powerpoint/, "slides"],
  [/^message\/|ms-outlook/, "mail"],
  [/epub/, "book"],
  [/zip|x-tar|gzip|x-7z|compressed/, "archive"],
  [/^text\/|word|opendocument\.text|rtf|json|xml/, "text"],
];

export function kindOf(contentType: string): Kind {
  return RULES.find(([rule]) => rule.test(contentType))?.[1] ?? "other";
}
