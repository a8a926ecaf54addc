import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { DocumentView } from "@/shared/vault/types";
import { textQuery } from "./api";
import { unitsOf } from "./match";
import type { Cited } from "./reading";

/** On drawn pages, offsets into the stored text mean nothing: there the words they stand for are looked for. */
export function useCitedWords(document: DocumentView, cited: Cited | null, drawn: boolean): Cited | null {
  const page = cited?.page ?? 1;
  const needed = drawn && cited !== null && !cited.boxes.length && !cited.quote && cited.end !== undefined;
  const { data } = useQuery({ ...textQuery(document, page, page), enabled: needed });
  const text = needed ? data?.[0]?.text : undefined;
  return useMemo(() => {
    if (!cited || text === undefined) return cited;
    return { ...cited, quote: text.slice(unitsOf(text, cited.start ?? 0), unitsOf(text, cited.end ?? 0)) };
  }, [cited, text]);
}
