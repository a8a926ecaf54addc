import type { components } from "@/shared/api/schema";

type Schemas = components["schemas"];

export type DocumentView = Schemas["DocumentView"];
export type Totals = Schemas["IngestionView"];
export type Status = DocumentView["status"];

/** A rectangle on a page, in points from its top left: left, top, right, bottom. */
export type Box = [number, number, number, number];
