import { useQueries } from "@tanstack/react-query";
import { useCallback, useMemo, useRef, useState } from "react";
import type { DocumentView } from "@/shared/vault/types";
import { type PageText, textQuery } from "../api";
import { type Block, blocksOf, formOf } from "./blocks";
import { chunkOf, type Item, itemsOf, pagesOf } from "./items";

type Text = {
  items: Item[];
  pages: ReadonlyMap<number, PageText>;
  error: Error | null;
  again: () => void;
  /** Asks for the pages `first` to `last`, if nobody has. */
  want: (first: number, last: number) => void;
};

/** The text of a document as far as somebody wanted to see it. */
export function useText(document: DocumentView, page: number): Text {
  const [chunks, setChunks] = useState<readonly number[]>([chunkOf(page)]);
  const count = Math.max(document.pages, 1);
  const { pages, error, again } = useQueries({
    queries: chunks.map((chunk) => textQuery(document, ...pagesOf(chunk))),
    combine: useCallback(
      (answers: { data?: PageText[]; error: Error | null; refetch: () => unknown }[]) => ({
        pages: new Map(answers.flatMap(({ data }) => (data ?? []).map((one) => [one.page, one] as const))),
        error: answers.find((answer) => answer.error)?.error ?? null,
        again: () => {
          for (const answer of answers) if (answer.error) void answer.refetch();
        },
      }),
      [],
    ),
  });
  const blocks = useBlocks(document);
  const items = useMemo(() => itemsOf(count, pages, blocks), [count, pages, blocks]);
  const want = useCallback((first: number, last: number) => {
    setChunks((before) => {
      const wanted = [chunkOf(first), chunkOf(last)].filter((chunk) => !before.includes(chunk));
      return wanted.length ? [...new Set([...before, ...wanted])] : before;
    });
  }, []);
  return { items, pages, error, again, want };
}

/** A page is read for its form once. */
function useBlocks(document: DocumentView): (page: PageText) => Block[] {
  const { filename, content_type: type, title } = document;
  const read = useRef(new Map<PageText, Block[]>());
  return useCallback(
    (page: PageText) => {
      const known = read.current.get(page);
      if (known) return known;
      const blocks = blocksOf(
        page.text,
        formOf(filename, type, page.text),
        page.page === 1 ? (title ?? "") : null,
      );
      read.current.set(page, blocks);
      return blocks;
    },
    [filename, type, title],
  );
}
