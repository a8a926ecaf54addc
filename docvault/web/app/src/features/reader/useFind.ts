import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { DocumentView } from "@/shared/vault/types";
import { useFound } from "./api";
import type { Found } from "./reading";

const PAUSE = 200; // milliseconds after the last letter

export type Finding = {
  open: boolean;
  words: string;
  found: Found;
  total: number;
  busy: boolean;
  error: Error | null;
  show: () => void;
  close: () => void;
  setWords: (words: string) => void;
  step: (direction: 1 | -1) => void;
};

/**
 * Searching inside a document. `page` is the one in sight: the first hit shown is the next one from there. Where the
 * address says both, it is what is `cited` that the person came for.
 */
export function useFind(
  document: DocumentView,
  q: string | undefined,
  page: number,
  cited: boolean,
  goTo: (page: number, why: "found") => void,
  onWords: (q: string | undefined) => void,
): Finding {
  const [open, setOpen] = useState(q !== undefined);
  const [words, setWords] = useState(q ?? "");
  const asked = useSettled(open ? words.trim() : "");
  const { data, isFetching, error } = useFound(document, asked);
  const [current, setCurrent] = useState(-1);
  const goes = useRef(!cited);
  const hits = useMemo(() => (asked && data ? data.hits : []), [asked, data]);

  useEffect(() => {
    onWords(asked || undefined);
  }, [asked, onWords]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: begins where the person is when an answer comes, not later.
  useEffect(() => {
    const next = hits.findIndex((hit) => hit.page >= page);
    const index = hits.length ? Math.max(next, 0) : -1;
    setCurrent(index);
    const hit = hits[index];
    if (hit && goes.current) goTo(hit.page, "found");
    if (hit) goes.current = true;
  }, [hits]);

  const step = useCallback(
    (direction: 1 | -1) => {
      if (!hits.length) return;
      const next = (current + direction + hits.length) % hits.length;
      setCurrent(next);
      const hit = hits[next];
      if (hit) goTo(hit.page, "found");
    },
    [hits, current, goTo],
  );
  const found = useMemo(() => ({ q: asked, hits, current }), [asked, hits, current]);
  return {
    open,
    words,
    found,
    total: hits.length ? (data?.total ?? 0) : 0,
    busy: isFetching || asked !== words.trim(),
    error,
    show: useCallback(() => setOpen(true), []),
    close: useCallback(() => setOpen(false), []),
    setWords,
    step,
  };
}

function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), value ? PAUSE : 0);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
