/** Pages under one another: which are in sight, and how a place is kept while their sizes change. All in CSS pixels. */
export type Layout = { tops: number[]; heights: number[]; total: number };

/** A place on a page: `share` of its height down (below 0 or over 1 between pages). Pages count from 0. */
export type Place = { index: number; share: number };

export function layOut(heights: number[], gap: number): Layout {
  const tops: number[] = [];
  let total = gap;
  for (const height of heights) {
    tops.push(total);
    total += height + gap;
  }
  return { tops, heights, total };
}

/** The page that `y` is on, or the one above where it is between two. */
export function pageAt(layout: Layout, y: number): number {
  let low = 0;
  let high = layout.tops.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((layout.tops[middle] as number) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** First and last page between two heights. */
export function pagesBetween(layout: Layout, from: number, to: number): [number, number] {
  const first = pageAt(layout, from);
  const ended = (layout.tops[first] ?? 0) + (layout.heights[first] ?? 0) < from;
  const last = pageAt(layout, to);
  return [ended && first < last ? first + 1 : first, last];
}

/** The page that fills most of what is in sight. */
export function mainPage(layout: Layout, from: number, to: number): number {
  const [first, last] = pagesBetween(layout, from, to);
  let main = first;
  let most = -1;
  for (let index = first; index <= last; index += 1) {
    const top = layout.tops[index] ?? 0;
    const height = layout.heights[index] ?? 0;
    const seen = Math.min(to, top + height) - Math.max(from, top);
    const whole = seen >= height - 1;
    if (seen > most + 1 && !(most >= (layout.heights[main] ?? 0) - 1 && whole)) {
      most = seen;
      main = index;
    }
  }
  return main;
}

export function placeAt(layout: Layout, y: number): Place {
  const index = pageAt(layout, y);
  const height = layout.heights[index] || 1;
  return { index, share: (y - (layout.tops[index] ?? 0)) / height };
}

export function heightOf(layout: Layout, place: Place): number {
  return (layout.tops[place.index] ?? 0) + place.share * (layout.heights[place.index] ?? 0);
}
