/** The places of the page as their addresses carry them: what a link needs to say. Everything here is optional. */
import type { Box, Status } from "./types";

type Given = Record<string, unknown>;

export const SORTS = [
  "-created_at",
  "created_at",
  "-updated_at",
  "updated_at",
  "filename",
  "-filename",
  "-size_bytes",
  "size_bytes",
] as const;
export type Sort = (typeof SORTS)[number];
export const VIEWS = ["list", "grid"] as const;
export type View = (typeof VIEWS)[number];
const STATUSES = ["queued", "processing", "ready", "failed"] as const satisfies readonly Status[];

/** The library: a folder, what is filtered, how it is shown. `trash` shows what was deleted. */
export type LibraryPlace = {
  folder?: string;
  tags?: string[];
  status?: Status;
  type?: string;
  q?: string;
  sort?: Sort;
  view?: View;
  trash?: true;
};

export function libraryPlace(given: Given): LibraryPlace {
  return cleaned({
    folder: text(given.folder),
    tags: texts(given.tags),
    status: oneOf(STATUSES, given.status),
    type: text(given.type),
    q: text(given.q),
    sort: oneOf(SORTS, given.sort),
    view: oneOf(VIEWS, given.view),
    trash: given.trash === true ? true : undefined,
  });
}

/**
 * The reader: a page, and what is marked on it. `quote` are words of the page; `start` and `end` their offsets in its
 * text; `boxes` where they stand, as `boxesText` writes them; `q` is searched for inside.
 */
export type ReaderPlace = {
  page?: number;
  quote?: string;
  start?: number;
  end?: number;
  boxes?: string;
  q?: string;
};

export function readerPlace(given: Given): ReaderPlace {
  return cleaned({
    page: whole(given.page),
    quote: text(given.quote),
    start: whole(given.start),
    end: whole(given.end),
    boxes: text(given.boxes),
    q: text(given.q),
  });
}

/** A search: its words and filters. Days as `2026-01-31`. */
export type SearchPlace = {
  q?: string;
  folder?: string;
  tags?: string[];
  type?: string;
  after?: string;
  before?: string;
};

export function searchPlace(given: Given): SearchPlace {
  return cleaned({
    q: text(given.q),
    folder: text(given.folder),
    tags: texts(given.tags),
    type: text(given.type),
    after: day(given.after),
    before: day(given.before),
  });
}

/**
 * A chat: the documents it is about, and a question to begin with. `all` says that it is about every one, where its
 * last question was about some.
 */
export type ChatPlace = { folder?: string; tags?: string[]; documents?: string[]; all?: true; q?: string };

export function chatPlace(given: Given): ChatPlace {
  return cleaned({
    folder: text(given.folder),
    tags: texts(given.tags),
    documents: texts(given.documents),
    all: given.all === true ? true : undefined,
    q: text(given.q),
  });
}

/** `72,88.1,300,99.5;72,101,280,112`: short enough for an address. */
export function boxesText(boxes: readonly (readonly number[])[]): string | undefined {
  return boxes.length
    ? boxes.map((box) => box.map((edge) => Math.round(edge * 10) / 10).join(",")).join(";")
    : undefined;
}

export function boxesOf(written: string | undefined): Box[] {
  const boxes = (written ?? "").split(";").map((one) => one.split(",").map(Number));
  return boxes.filter((box): box is Box => box.length === 4 && box.every(Number.isFinite));
}

function text(given: unknown): string | undefined {
  // The router reads `?q=2024` as a number.
  const said = typeof given === "number" || typeof given === "boolean" ? String(given) : given;
  return typeof said === "string" && said !== "" ? said : undefined;
}

function day(given: unknown): string | undefined {
  return typeof given === "string" && !Number.isNaN(Date.parse(`${given}T00:00:00`)) ? given : undefined;
}

function texts(given: unknown): string[] | undefined {
  const all = (Array.isArray(given) ? given : [given]).map(text).filter((one) => one !== undefined);
  return all.length ? all : undefined;
}

function whole(given: unknown): number | undefined {
  const value = Number(given);
  return given !== undefined && given !== "" && Number.isInteger(value) && value >= 0 ? value : undefined;
}

function oneOf<T extends string>(all: readonly T[], given: unknown): T | undefined {
  return all.find((one) => one === given);
}

/** What is not given stays as undefined: else the router shows what the address said, whatever that was. */
function cleaned<T extends object>(place: { [K in keyof T]: T[K] | undefined }): T {
  return place as T;
}
