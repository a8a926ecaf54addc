import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { boxesOf, type ReaderPlace } from "@/shared/vault/place";
import type { Cited, Inside, Target } from "./reading";

const route = getRouteApi("/inside/documents/$documentId");
const SETTLED = 500; // milliseconds on a page before the address says it

/** What the address says is cited. */
export function citedOf(place: ReaderPlace): Cited | null {
  const boxes = boxesOf(place.boxes);
  const marked = boxes.length > 0 || place.quote !== undefined || place.end !== undefined;
  if (!marked) return null;
  return { page: place.page ?? 1, boxes, quote: place.quote, start: place.start, end: place.end };
}

/** The address and the page in sight: the one moves the other, and neither goes in circles. */
export function usePlace() {
  const place = route.useSearch();
  const navigate = route.useNavigate();
  const { page: said, boxes, quote, start, end } = place;
  const cited = useMemo(
    () => citedOf({ page: said, boxes, quote, start, end }),
    [said, boxes, quote, start, end],
  );
  const [page, setPage] = useState(said || 1);
  const [target, setTarget] = useState<Target>({ page: said || 1, turn: 0, why: cited ? "cited" : "page" });
  const own = useRef(said); // the page that this wrote into the address itself

  const goTo = useCallback((to: number, why: Target["why"] = "page") => {
    setTarget((before) => ({ page: to, why, turn: before.turn + 1 }));
  }, []);
  const change = useCallback(
    (search: ReaderPlace) =>
      void navigate({ search: (now) => ({ ...now, ...search }), replace: true, resetScroll: false }),
    [navigate],
  );

  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    if (cited) goTo(cited.page, "cited");
    else if (said !== own.current) goTo(said || 1);
  }, [cited, said, goTo]);

  // A citation stays in the address as it was given: its marks belong to its page.
  useEffect(() => {
    if (cited || page === (said || 1)) return;
    const timer = setTimeout(() => {
      own.current = page;
      change({ page });
    }, SETTLED);
    return () => clearTimeout(timer);
  }, [cited, page, said, change]);

  /** Follows a link: the browser's way back leads to where it was followed. */
  const now = useRef({ page, cited });
  now.current = { page, cited };
  const jump = useCallback(
    async ({ page: to, share }: Inside) => {
      const here = now.current.page;
      if (!now.current.cited) {
        own.current = here;
        await navigate({ search: (said) => ({ ...said, page: here }), replace: true, resetScroll: false });
      }
      own.current = to;
      await navigate({ search: { page: to }, resetScroll: false });
      setTarget((before) => ({ page: to, why: "page", turn: before.turn + 1, share }));
    },
    [navigate],
  );

  const clear = useCallback(() => {
    own.current = page;
    change({ page, boxes: undefined, quote: undefined, start: undefined, end: undefined });
  }, [change, page]);
  return { place, cited, page, setPage, target, goTo, jump, change, clear };
}
