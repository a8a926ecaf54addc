import { useEffect, useState } from "react";
import { asProblem, Problem } from "@/shared/api/problem";
import type { DocumentView } from "@/shared/vault/types";
import type { Size } from "../boxes";
import { type OpenPdf, openPdf } from "./open";

export type Reading =
  | { status: "opening" }
  | { status: "open"; open: OpenPdf; size: Size }
  | { status: "failed"; problem: Problem };

/** The file, open as long as it is shown. `size` is that of page `first`, until others are known that of all. */
export function usePdf(document: DocumentView, first: number, password: string | undefined): Reading {
  const [reading, setReading] = useState<Reading>({ status: "opening" });
  const [begin] = useState(first);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the bytes are what is open; names and tags may change.
  useEffect(() => {
    const leaving = new AbortController();
    const failed = (problem: Problem) => setReading({ status: "failed", problem });
    setReading({ status: "opening" });
    opened(document, begin, leaving.signal, failed, password)
      .then((open) => !leaving.signal.aborted && setReading(open))
      .catch((error: unknown) => !leaving.signal.aborted && failed(problemOfPdf(error, password)));
    return () => leaving.abort();
  }, [document.id, document.sha256, begin, password]);
  return reading;
}

async function opened(
  document: DocumentView,
  first: number,
  signal: AbortSignal,
  onLost: (problem: Problem) => void,
  password: string | undefined,
): Promise<Reading> {
  const open = await openPdf(document, signal, onLost, password);
  const page = await open.pdf.getPage(Math.min(Math.max(first, 1), open.pdf.numPages));
  const { width, height } = page.getViewport({ scale: 1 });
  return { status: "open", open, size: { width, height } };
}

/** pdf.js throws errors of its own: a file that the vault could read may still be one that the browser cannot show. */
function problemOfPdf(error: unknown, password: string | undefined): Problem {
  if (error instanceof Problem) return error;
  const said = error instanceof Error ? error : new Error(String(error));
  if (said.name === "PasswordException")
    return new Problem(0, password === undefined ? "pdf_locked" : "pdf_wrong_password", said.message);
  if (/^(?:InvalidPDF|FormatError|UnknownError)/.test(said.name))
    return new Problem(0, "pdf_broken", said.message);
  return asProblem(said);
}
