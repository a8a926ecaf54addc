import { useQuery } from "@tanstack/react-query";
import type { PDFPageProxy } from "pdfjs-dist";
import {
  type CSSProperties,
  memo,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTexts } from "@/shared/texts";
import type { DocumentView } from "@/shared/vault/types";
import { type PageText, textQuery } from "../api";
import { type Area, areaOf, type Size, topOf } from "../boxes";
import { Marks } from "../Marks";
import { citedSpans, findAll } from "../match";
import { areasOfHits, hasPlaces, placesOf } from "../places";
import { boxAreas, type Cited, currentOn, type Found, type Inside } from "../reading";
import { Links } from "./Links";
import type { OpenPdf } from "./open";
import styles from "./PdfPage.module.css";
import { useCanvas } from "./useCanvas";
import { areasOf, useTextLayer, type Words } from "./useTextLayer";

type Props = {
  document: DocumentView;
  open: OpenPdf;
  index: number;
  size: Size;
  scale: number;
  top: number;
  inSight: boolean;
  /** What is cited on this page. */
  cited: Cited | null;
  found: Found;
  onGo: (place: Inside) => void;
  onSize: (index: number, size: Size) => void;
  /** Where on the page the marks begin, as a share of its height; undefined when it is not known any more. */
  onMarked: (index: number, kind: "cited" | "found", share: number | undefined) => void;
};

export const PdfPage = memo(function PdfPage(props: Props) {
  const { document, open, index, size, scale, top, inSight, cited, found, onSize, onMarked, onGo } = props;
  const { t } = useTexts(["reader", "common"]);
  const sheet = useRef<HTMLElement>(null);
  const picture = useRef<HTMLDivElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const page = usePage(open, index, onSize);
  useCanvas(picture, page, size, scale, inSight);
  const words = useTextLayer(open.js, page, layer);
  const scan = useScan(document, index + 1, words, cited !== null || found.q !== "");
  const citedAreas = useCited(words, scan, sheet, cited, size, page !== null);
  const hits = useHits(words, scan, sheet, found, index + 1, size);
  const current = currentOn(found, index + 1);
  const shown = current < 0 ? undefined : hits[Math.min(current, hits.length - 1)];

  useTelling(index, "cited", topOf(citedAreas), onMarked, citedAreas);
  useTelling(index, "found", shown && topOf(shown), onMarked, shown);
  const place = {
    top,
    width: size.width * scale,
    height: size.height * scale,
    "--total-scale-factor": scale,
  } as CSSProperties;
  return (
    <section
      ref={sheet}
      className={styles.page}
      style={place}
      data-page={index + 1}
      aria-label={t("common:page", { page: index + 1 })}
    >
      <div ref={picture} className={styles.picture} />
      <Marks areas={citedAreas} kind="cited" label={t("marks.cited", { page: index + 1 })} />
      <Marks areas={hits.filter((hit) => hit !== shown).flat()} kind="found" />
      <Marks areas={shown ?? []} kind="current" label={t("marks.current")} />
      <div ref={layer} className={styles.words} />
      <Links pdf={open.pdf} page={page} onGo={onGo} />
    </section>
  );
});

function useTelling(
  index: number,
  kind: "cited" | "found",
  share: number | undefined,
  tell: Props["onMarked"],
  areas: Area[] | undefined,
): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: two hits of one line are told of one by one.
  useEffect(() => {
    if (share === undefined) return;
    tell(index, kind, share);
    return () => tell(index, kind, undefined);
  }, [index, kind, share, tell, areas]);
}

function usePage(open: OpenPdf, index: number, onSize: Props["onSize"]): PDFPageProxy | null {
  const [page, setPage] = useState<PDFPageProxy | null>(null);
  useEffect(() => {
    let left = false;
    open.pdf.getPage(index + 1).then(
      (found) => {
        if (left) return;
        const { width, height } = found.getViewport({ scale: 1 });
        onSize(index, { width, height });
        setPage(found);
      },
      () => undefined, // this page is broken, or the file was closed: it stays white
    );
    return () => {
      left = true;
    };
  }, [open, index, onSize]);
  return page;
}

/** The text of a page that is a picture, where it says where its words are. */
function useScan(
  document: DocumentView,
  number: number,
  words: Words | null,
  needed: boolean,
): PageText | null {
  const silent = words !== null && !words.text.trim();
  const { data } = useQuery({ ...textQuery(document, number, number), enabled: silent && needed });
  const page = silent ? data?.[0] : undefined;
  return hasPlaces(page) ? page : null;
}

/** By its very words, where they are known and the page has them; else by its boxes, which are a paragraph's. */
function useCited(
  words: Words | null,
  scan: PageText | null,
  sheet: RefObject<HTMLElement | null>,
  cited: Cited | null,
  { width, height }: Size,
  known: boolean,
): Area[] {
  const [areas, setAreas] = useState<Area[]>([]);
  useLayoutEffect(() => {
    if (!cited || !known) return setAreas([]);
    const size = { width, height };
    const page = sheet.current;
    if (cited.quote && !words) return setAreas([]);
    const spans = words && cited.quote ? citedSpans(words.text, { quote: cited.quote }) : [];
    const byWords = words && page ? spans.flatMap((span) => areasOf(words, span, page)) : [];
    const byPlaces = scan ? citedSpans(scan.text, cited).flatMap((span) => placesOf(scan, span, size)) : [];
    const byBoxes = cited.boxes.map((box) => areaOf(box, size));
    setAreas([byWords, byPlaces, byBoxes].find((areas) => areas.length > 0) ?? []);
  }, [words, scan, sheet, cited, width, height, known]);
  return areas;
}

/** By the words of the page; of a scan, which has none, by where the server read them. */
function useHits(
  words: Words | null,
  scan: PageText | null,
  sheet: RefObject<HTMLElement | null>,
  found: Found,
  number: number,
  { width, height }: Size,
): Area[][] {
  const [hits, setHits] = useState<Area[][]>([]);
  const { q } = found;
  useLayoutEffect(() => {
    const page = sheet.current;
    setHits(
      words?.text.trim() && page && q
        ? findAll(words.text, q).map((span) => areasOf(words, span, page))
        : (none: Area[][]) => (none.length ? [] : none),
    );
  }, [words, sheet, q]);
  const lines = useMemo(
    () => (scan ? areasOfHits(scan, found, { width, height }) : boxAreas(found, number, { width, height })),
    [scan, found, number, width, height],
  );
  return words && !words.text.trim() ? lines : hits;
}
