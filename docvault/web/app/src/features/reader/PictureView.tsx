import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTexts } from "@/shared/texts";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Spinner } from "@/shared/ui/Spinner";
import { contentBlob, type PageText, textQuery } from "./api";
import { areaOf } from "./boxes";
import { Marks } from "./Marks";
import { citedSpans } from "./match";
import styles from "./PictureView.module.css";
import { areasOfHits, hasPlaces, placesOf } from "./places";
import { boxAreas, type Cited, type Found, type ViewProps } from "./reading";
import { TextView } from "./text/TextView";

/** A picture with the cited lines marked on it, and beside it the words that were read in it. */
export function PictureView(props: ViewProps) {
  const { document, cited, found, target, onPage } = props;
  const { t } = useTexts("reader");
  const { url, error } = useBlobUrl(props);
  const { data: pages } = useQuery(textQuery(document, 1, 1));
  const page = pages?.[0];
  const marks = useMemo(() => marksOf(page, cited, found), [page, cited, found]);
  const current = found.hits[found.current];
  const frame = useRef<HTMLDivElement>(null);
  const toMarks = useCallback((kind: "cited" | "current") => {
    frame.current?.querySelector(`[data-marks=${kind}] span`)?.scrollIntoView({ block: "center" });
  }, []);
  useEffect(() => onPage(1), [onPage]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each turn of the target goes there.
  useEffect(() => {
    if (target.why !== "page") toMarks(target.why === "found" ? "current" : "cited");
  }, [target, current, toMarks]);
  return (
    <div className={styles.both}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section className={styles.pane} tabIndex={0} aria-label={t("picture")}>
        {error ? <ProblemNote error={error} /> : null}
        {!url && !error ? <Spinner /> : null}
        {url && (
          <div ref={frame} className={styles.frame}>
            <img
              src={url}
              alt={document.title ?? document.filename}
              className={styles.picture}
              onLoad={() => toMarks("cited")}
            />
            <Marks areas={marks.cited} kind="cited" label={t("marks.cited", { page: 1 })} />
            <Marks areas={marks.others} kind="found" />
            <Marks areas={marks.current} kind="current" label={t("marks.current")} />
          </div>
        )}
      </section>
      {page?.text.trim() ? <TextView {...props} onPage={nothing} /> : null}
    </div>
  );
}

/** By the places of the words, or, where these are not known, by the boxes of paragraphs. */
function marksOf(page: PageText | undefined, cited: Cited | null, found: Found) {
  if (!page?.width || !page.height) return { cited: [], others: [], current: [] };
  const size = { width: page.width, height: page.height };
  const placed = hasPlaces(page);
  const hits = placed ? areasOfHits(page, found, size) : boxAreas(found, 1, size);
  const about =
    cited && placed ? citedSpans(page.text, cited).flatMap((span) => placesOf(page, span, size)) : [];
  return {
    cited: about.length ? about : (cited?.boxes ?? []).map((box) => areaOf(box, size)),
    others: hits.filter((_, index) => index !== found.current).flat(),
    current: hits[found.current] ?? [],
  };
}

function nothing(): void {}

function useBlobUrl({ document }: ViewProps): { url: string | null; error: unknown } {
  const [shown, setShown] = useState<{ url: string | null; error: unknown }>({ url: null, error: null });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the bytes are what is shown; names and tags may change.
  useEffect(() => {
    const leaving = new AbortController();
    let url: string | null = null;
    contentBlob(document, leaving.signal).then(
      (blob) => {
        if (leaving.signal.aborted) return;
        url = URL.createObjectURL(blob);
        setShown({ url, error: null });
      },
      (error: unknown) => !leaving.signal.aborted && setShown({ url: null, error }),
    );
    return () => {
      leaving.abort();
      if (url) URL.revokeObjectURL(url);
    };
  }, [document.id, document.sha256]);
  return shown;
}
