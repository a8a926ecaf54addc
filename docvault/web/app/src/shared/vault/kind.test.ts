import { expect, test } from "vitest";
import { kindOf } from "./kind";

test.each([
  ["application/pdf", "pdf"],
  ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "text"],
  ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "table"],
  ["application/vnd.openxmlformats-officedocument.presentationml.presentation", "slides"],
  ["application/vnd.oasis.opendocument.spreadsheet", "table"],
  ["text/csv", "table"],
  ["text/markdown", "text"],
  ["message/rfc822", "mail"],
  ["application/vnd.ms-outlook", "mail"],
  ["application/epub+zip", "book"],
  ["application/zip", "archive"],
  ["image/png", "image"],
  ["application/octet-stream", "other"],
])("%s is a %s", (contentType, kind) => {
  expect(kindOf(contentType)).toBe(kind);
});
