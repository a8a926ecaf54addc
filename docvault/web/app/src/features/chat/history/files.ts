/** Conversations as files: out, and in again. */
import { api, authorized, body } from "@/shared/api/client";
import { problemOf } from "@/shared/api/problem";

const LONGEST = 60; // characters of a file's name

export async function exportOne(id: string, title: string): Promise<void> {
  const path = { conversation_id: id };
  const saved = await body(api.GET("/api/conversations/{conversation_id}/export", { params: { path } }));
  const name = title
    .replace(/[^\p{L}\p{N} _-]+/gu, "")
    .trim()
    .slice(0, LONGEST);
  save(
    new Blob([JSON.stringify(saved, null, 2)], { type: "application/json" }),
    `${name || "conversation"}.json`,
  );
}

export async function exportAll(): Promise<void> {
  const response = await authorized("/api/conversations/export", { method: "POST" });
  if (!response.ok) throw await problemOf(response);
  save(await response.blob(), "conversations.json");
}

/** JSON, but no conversation. */
export class NotOurs extends Error {}

/** The ids of what came in. Throws a `Problem`, a `SyntaxError` for what is no JSON, or `NotOurs`. */
export async function importFile(file: File): Promise<string[]> {
  const text = await file.text();
  JSON.parse(text);
  const response = await authorized("/api/conversations/import", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: text,
  });
  if (response.status === 400) throw new NotOurs();
  if (!response.ok) throw await problemOf(response);
  const kept = (await response.json()) as { id: string } | { items: { id: string }[] };
  return "items" in kept ? kept.items.map((one) => one.id) : [kept.id];
}

function save(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
