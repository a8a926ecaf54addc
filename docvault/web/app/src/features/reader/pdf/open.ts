/** A PDF of the vault, read a piece at a time: what is not looked at is not fetched. */
import type { PDFDocumentProxy } from "pdfjs-dist";
import workerUrl from "pdfjs-dist/legacy/build/pdf.worker.min.mjs?url";
import { authorized } from "@/shared/api/client";
import { asProblem, Problem, problemOf } from "@/shared/api/problem";
import type { DocumentView } from "@/shared/vault/types";

export type PdfJs = typeof import("pdfjs-dist");
export type OpenPdf = { js: PdfJs; pdf: PDFDocumentProxy };
type Failed = (error: Problem) => void;

// pdf.js joins pieces that lie together into one request. Where a file's list of pages is flat, it looks at each of them
// to find one, so a large piece would fetch nearly all of a scanned book.
const PIECE = 1 << 16; // bytes
const FIRST = 1 << 18; // bytes that are fetched at once: most letters and papers begin to show with them
const TRIES = 5;
const PAUSE = 500; // milliseconds before the second try, doubled each time

/** Until `signal` says so. `onLost` hears when bytes cannot be had any more. */
export async function openPdf(
  document: DocumentView,
  signal: AbortSignal,
  onLost: Failed,
  password?: string,
): Promise<OpenPdf> {
  // The other build needs browsers of this very year: `Map.getOrInsertComputed`, `Math.sumPrecise`.
  const js: PdfJs = await import("pdfjs-dist/legacy/build/pdf.mjs");
  js.GlobalWorkerOptions.workerSrc = workerUrl;
  const assets = `/assets/pdfjs-${js.version}`;
  const first = await bytesOf(document, 0, Math.min(FIRST, document.size_bytes), signal);
  const task = js.getDocument({
    range: transport(js, document, first, signal, onLost),
    rangeChunkSize: PIECE,
    disableAutoFetch: true,
    disableStream: true,
    cMapUrl: `${assets}/cmaps/`,
    iccUrl: `${assets}/iccs/`,
    standardFontDataUrl: `${assets}/standard_fonts/`,
    wasmUrl: `${assets}/wasm/`,
    enableXfa: false,
    ...(password !== undefined && { password }),
    verbosity: js.VerbosityLevel.ERRORS,
  });
  signal.addEventListener("abort", () => task.destroy().catch(() => undefined), { once: true });
  return { js, pdf: await task.promise };
}

function transport(
  js: PdfJs,
  document: DocumentView,
  first: Uint8Array,
  signal: AbortSignal,
  onLost: Failed,
) {
  class Bytes extends js.PDFDataRangeTransport {
    override requestDataRange(begin: number, end: number): void {
      bytesOf(document, begin, Math.min(end, document.size_bytes), signal)
        .then((bytes) => this.onDataRange(begin, bytes))
        .catch((error: unknown) => {
          if (!signal.aborted) onLost(asProblem(error));
        });
    }
  }
  return new Bytes(document.size_bytes, first);
}

/** Bytes `begin` to before `end`, tried again where the connection is at fault. */
async function bytesOf(
  document: DocumentView,
  begin: number,
  end: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await once(document, begin, end, signal);
    } catch (error) {
      const { status } = asProblem(error);
      const passing = status === 0 || status === 429 || status >= 500;
      if (signal.aborted || !passing || tried === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE * 2 ** (tried - 1)));
    }
  }
}

async function once(document: DocumentView, begin: number, end: number, signal: AbortSignal) {
  const headers = { Range: `bytes=${begin}-${end - 1}`, "If-Range": `"${document.sha256}"` };
  const response = await authorized(`/api/documents/${document.id}/content`, { headers, signal });
  if (!response.ok) throw await problemOf(response);
  if (response.status !== 206 && (begin > 0 || end < document.size_bytes)) {
    void response.body?.cancel();
    throw new Problem(409, "changed", "This document was replaced by a newer one. Load the page again.");
  }
  return new Uint8Array(await response.arrayBuffer());
}
