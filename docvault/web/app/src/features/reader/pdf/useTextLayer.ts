import type { PDFPageProxy } from "pdfjs-dist";
import { type RefObject, useEffect, useState } from "react";
import { type Area, linesOf } from "../boxes";
import type { Span } from "../match";
import type { PdfJs } from "./open";

/** The words of a page over its picture, so that they can be selected, read aloud and marked. */
export type Words = { text: string; runs: { start: number; node: Node | null; length: number }[] };

export function useTextLayer(
  js: PdfJs,
  page: PDFPageProxy | null,
  holder: RefObject<HTMLElement | null>,
): Words | null {
  const [words, setWords] = useState<Words | null>(null);
  useEffect(() => {
    const container = holder.current;
    if (!page || !container) return;
    let stop = () => {};
    let left = false;
    const shown = async () => {
      const content = await page.getTextContent();
      if (left) return;
      const viewport = page.getViewport({ scale: 1 });
      const layer = new js.TextLayer({ textContentSource: content, container, viewport });
      stop = () => layer.cancel();
      await layer.render();
      if (!left) setWords(wordsOf((content.items as object[]).filter(isRun), layer.textDivs));
    };
    // Without its words the page can still be looked at.
    shown().catch(() => !left && setWords({ text: "", runs: [] }));
    return () => {
      left = true;
      stop();
      container.replaceChildren();
      setWords(null);
    };
  }, [js, page, holder]);
  return words;
}

type Run = { str: string; hasEOL: boolean };

function isRun(item: object): item is Run {
  return "str" in item;
}

function wordsOf(items: Run[], elements: HTMLElement[]): Words {
  const runs: Words["runs"] = [];
  let text = "";
  items.forEach((item, index) => {
    runs.push({ start: text.length, node: elements[index]?.firstChild ?? null, length: item.str.length });
    text += item.hasEOL ? `${item.str}\n` : item.str;
  });
  return { text, runs };
}

/** Where on the page a piece of its words stands, line by line. */
export function areasOf(words: Words, span: Span, page: HTMLElement): Area[] {
  const whole = page.getBoundingClientRect();
  const pieces = words.runs.flatMap((run) => {
    const from = Math.max(0, span.start - run.start);
    const to = Math.min(run.length, span.end - run.start);
    return run.node && from < to ? rectsOf(run.node, from, to) : [];
  });
  return linesOf(
    pieces.map((rect) => ({
      left: (rect.left - whole.left) / whole.width,
      top: (rect.top - whole.top) / whole.height,
      width: rect.width / whole.width,
      height: rect.height / whole.height,
    })),
  );
}

function rectsOf(node: Node, from: number, to: number): DOMRect[] {
  const range = window.document.createRange();
  const length = node.textContent?.length ?? 0;
  range.setStart(node, Math.min(from, length));
  range.setEnd(node, Math.min(to, length));
  return [...range.getClientRects()];
}
