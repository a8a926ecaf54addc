/** What a chat is about, as the address has it and as the server is told. Pure. */
import type { ChatPlace } from "@/shared/vault/place";
import type { Filters } from "../types";

export type Scope = Pick<ChatPlace, "folder" | "tags" | "documents">;

export function filtersOf({ folder, tags, documents }: Scope): Filters {
  return {
    ...(folder !== undefined && { folder }),
    ...(tags?.length && { tags }),
    ...(documents?.length && { document_ids: documents }),
  };
}

/** What was asked about, as the server tells it. */
export function scopeOf({ folder, tags, document_ids: documents }: Filters): Scope {
  return {
    ...(folder && { folder }),
    ...(tags?.length && { tags }),
    ...(documents?.length && { documents }),
  };
}

/** What the address says, else what was asked about last. */
export function scopeAt({ folder, tags, documents, all }: ChatPlace, last: Filters | undefined): Scope {
  const said = { folder, tags, documents };
  return all || isNarrowed(said) ? said : scopeOf(last ?? {});
}

export function isNarrowed(scope: Scope): boolean {
  return Object.keys(filtersOf(scope)).length > 0;
}

export type Part =
  | { kind: "folder"; value: string }
  | { kind: "tag"; value: string }
  | { kind: "document"; value: string };

export function partsOf({ folder, tags = [], documents = [] }: Scope): Part[] {
  return [
    ...(folder === undefined ? [] : [{ kind: "folder" as const, value: folder }]),
    ...tags.map((value) => ({ kind: "tag" as const, value })),
    ...documents.map((value) => ({ kind: "document" as const, value })),
  ];
}

export function has(scope: Scope, part: Part): boolean {
  return partsOf(scope).some((one) => one.kind === part.kind && one.value === part.value);
}

/** With the part if it was not there, else without it. There is one folder at a time. */
export function toggled(scope: Scope, part: Part): Scope {
  const there = has(scope, part);
  if (part.kind === "folder") return { ...scope, folder: there ? undefined : part.value };
  const name = part.kind === "tag" ? "tags" : "documents";
  const others = (scope[name] ?? []).filter((value) => value !== part.value);
  const next = there ? others : [...others, part.value];
  return { ...scope, [name]: next.length ? next : undefined };
}
