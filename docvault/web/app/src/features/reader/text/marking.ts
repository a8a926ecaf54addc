/** A piece of text cut at its marks. */
import type { Span } from "../match";

export type MarkKind = "cited" | "found" | "current";
export type Mark = Span & { kind: MarkKind };
export type Piece = { start: number; text: string; kind: MarkKind | null };

const WEIGHT: Record<MarkKind, number> = { cited: 1, found: 2, current: 3 };

/** Where marks lie over one another, the current hit goes before other hits, and these before what is cited. */
export function cut(text: string, span: Span, marks: readonly Mark[]): Piece[] {
  const inside = marks.filter((mark) => mark.start < span.end && mark.end > span.start);
  if (!inside.length) return [{ start: span.start, text: text.slice(span.start, span.end), kind: null }];
  const edges = new Set([span.start, span.end]);
  for (const mark of inside) {
    edges.add(Math.max(mark.start, span.start));
    edges.add(Math.min(mark.end, span.end));
  }
  const cuts = [...edges].sort((a, b) => a - b);
  return cuts.slice(0, -1).map((start, index) => {
    const end = cuts[index + 1] as number;
    return { start, text: text.slice(start, end), kind: heaviest(inside, start, end) };
  });
}

function heaviest(marks: readonly Mark[], start: number, end: number): MarkKind | null {
  const over = marks.filter((mark) => mark.start <= start && mark.end >= end);
  return over.reduce<MarkKind | null>(
    (best, mark) => (best && WEIGHT[best] >= WEIGHT[mark.kind] ? best : mark.kind),
    null,
  );
}
