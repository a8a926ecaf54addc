/** One document by itself. */
import { api, body } from "@/shared/api/client";
import { newest } from "./lists";
import type { DocumentView } from "./types";

/** As the server has it, or as an event told of it meanwhile: that is newer. */
export async function fetchDocument(id: string): Promise<DocumentView> {
  const began = Date.now();
  const params = { path: { document_id: id } };
  return newest(await body(api.GET("/api/documents/{document_id}", { params })), began);
}
