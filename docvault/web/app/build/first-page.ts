const PARTS = ["Checkbox", "EmptyState", "ProblemNote", "ProgressBar", "Segmented", "Skeleton", "Tooltip"];
const VAULT = ["DocumentIcon", "download", "folders", "kind", "lists"];
const ICONS = [
  ...[
    "archive",
    "ban",
    "book-open",
    "chevron-right",
    "circle-alert",
    "clock",
    "download",
    "ellipsis",
    "file",
  ],
  ...[
    "file-text",
    "folder",
    "folder-input",
    "folder-plus",
    "folder-up",
    "hash",
    "house",
    "image",
    "loader-circle",
  ],
  ...[
    "mail",
    "message-square",
    "pencil",
    "plus",
    "presentation",
    "rotate-ccw",
    "rotate-cw",
    "table-2",
    "tag",
  ],
  ...["trash-2", "upload", "x"],
];

/**
 * What the library shares with other places, and what that needs, in one file: else each box and each icon is a file
 * of its own, and the first page that people see waits for some forty of them. What is not named here is found in
 * smaller files, and nothing else changes.
 */
export const firstPage = {
  name: "first-page",
  test: new RegExp(
    `/src/shared/(?:ui/(?:${PARTS.join("|")})|vault/(?:${VAULT.join("|")})|lib/typed)\\.|/icons/(?:${ICONS.join("|")})\\.mjs`,
  ),
  minShareCount: 2,
};
