/** What a document is, as people sort them: by its content type, whatever its name says. */
export const KINDS = ["pdf", "text", "table", "slides", "image", "mail", "archive", "book", "other"] as const;
export type Kind = (typeof KINDS)[number];
/** Those that one can filter by. */
export type FilterKind = Exclude<Kind, "other">;

/** Content types of a kind, as the API filters them: whole ones, or beginnings that end in `/`. */
export const TYPES: Record<FilterKind, string[]> = {
  pdf: ["application/pdf"],
  image: ["image/"],
  mail: ["message/rfc822", "application/vnd.ms-outlook"],
  book: ["application/epub+zip"],
  archive: ["application/zip", "application/x-tar", "application/gzip"],
  table: [
    "text/csv",
    "text/tab-separated-values",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.ms-excel.sheet.binary.macroenabled.12",
  ],
  slides: [
    "application/vnd.ms-powerpoint",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  ],
  text: [
    "text/plain",
    "text/markdown",
    "text/html",
    "text/x-rst",
    "application/msword",
    "application/rtf",
    "text/rtf",
    "application/vnd.oasis.opendocument.text",
    "application/json",
    "application/xml",
    "text/xml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  ],
};

export function isKind(name: string | undefined): name is FilterKind {
  return name !== undefined && name in TYPES;
}

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
