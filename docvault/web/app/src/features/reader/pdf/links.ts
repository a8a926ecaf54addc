/** Where the links and the table of contents of a PDF lead. What is on no page and no address is left out. */
import type { PDFDocumentProxy, PDFPageProxy } from "pdfjs-dist";
import type { Area } from "../boxes";
import type { Inside, OutlineItem } from "../reading";

/** As a PDF writes it: a name to look up, or a page with a place on it. */
type Destination = string | readonly unknown[];
export type PdfLink = Area & { words: string; url?: string; destination?: Destination };

type Annotation = {
  subtype?: string;
  rect?: number[];
  url?: string;
  dest?: Destination | null;
  overlaidText?: string;
  contentsObj?: { str?: string };
};

const MOST = 500; // links of a page; entries of a table of contents: ten times as many
const LEAST = 2; // points: narrower ones nobody can hit

export async function linksOf(page: PDFPageProxy): Promise<PdfLink[]> {
  const viewport = page.getViewport({ scale: 1 });
  const found = (await page.getAnnotations({ intent: "display" })) as Annotation[];
  return found.slice(0, MOST).flatMap((one) => {
    if (one.subtype !== "Link" || one.rect?.length !== 4) return [];
    const leads = one.url && safe(one.url) ? { url: one.url } : one.dest ? { destination: one.dest } : null;
    const [x1 = 0, y1 = 0] = viewport.convertToViewportPoint(one.rect[0] ?? 0, one.rect[1] ?? 0);
    const [x2 = 0, y2 = 0] = viewport.convertToViewportPoint(one.rect[2] ?? 0, one.rect[3] ?? 0);
    const [width, height] = [Math.abs(x2 - x1), Math.abs(y2 - y1)];
    if (!leads || width < LEAST || height < LEAST) return [];
    const words = (one.overlaidText || one.contentsObj?.str || "").replace(/\s+/g, " ").trim();
    return {
      left: Math.min(x1, x2) / viewport.width,
      top: Math.min(y1, y2) / viewport.height,
      width: width / viewport.width,
      height: height / viewport.height,
      words,
      ...leads,
    };
  });
}

/** A document's word on where a link leads is not taken for more than an address of the web or of mail. */
function safe(url: string): boolean {
  return /^(?:https?:\/\/|mailto:)/i.test(url);
}

export async function placeOf(pdf: PDFDocumentProxy, destination: Destination): Promise<Inside | null> {
  const found = typeof destination === "string" ? await pdf.getDestination(destination) : destination;
  const [target, way, ...at] = found ?? [];
  const index =
    typeof target === "number" ? target : target ? await pdf.getPageIndex(target as never) : Number.NaN;
  if (!(index >= 0 && index < pdf.numPages)) return null;
  const height = heightIn((way as { name?: string } | undefined)?.name, at);
  if (height === null) return { page: index + 1, share: 0 };
  const viewport = (await pdf.getPage(index + 1)).getViewport({ scale: 1 });
  const y = viewport.convertToViewportPoint(0, height)[1] as number;
  return { page: index + 1, share: Math.min(Math.max(y / viewport.height, 0), 1) };
}

/** How high above the page's lower edge, in points. */
function heightIn(way: string | undefined, at: unknown[]): number | null {
  const height =
    way === "XYZ" ? at[1] : way === "FitH" || way === "FitBH" ? at[0] : way === "FitR" ? at[3] : null;
  return typeof height === "number" ? height : null;
}

type Entry = { title: string; dest: Destination | null; url?: string | null; items: Entry[] };

/** The table of contents; nothing where there is none, or where it leads nowhere. */
export async function outlineOf(pdf: PDFDocumentProxy): Promise<OutlineItem[]> {
  let left = 10 * MOST;
  const item = ({ title, dest, items }: Entry): OutlineItem[] => {
    left -= 1;
    const below = left > 0 ? items.flatMap(item) : [];
    const said = title.replace(/\s+/g, " ").trim();
    if (!said || (!dest && !below.length)) return below;
    return [{ title: said, items: below, find: dest ? () => placeOf(pdf, dest) : undefined }];
  };
  return (((await pdf.getOutline()) ?? []) as Entry[]).flatMap(item);
}
