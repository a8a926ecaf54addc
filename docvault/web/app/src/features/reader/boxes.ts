/** Rectangles on a page: in points as the server says them, in shares of the page as they are drawn. */
import type { Box } from "@/shared/vault/types";

export type Size = { width: number; height: number };
/** Shares of the page, 0 to 1, from its top left. */
export type Area = { left: number; top: number; width: number; height: number };

const ROOM = 1; // points around a line, so that letters do not touch the edge of their mark

export function areaOf(box: Box, page: Size): Area {
  const left = within(Math.min(box[0], box[2]) - ROOM, page.width);
  const top = within(Math.min(box[1], box[3]) - ROOM, page.height);
  const right = within(Math.max(box[0], box[2]) + ROOM, page.width);
  const bottom = within(Math.max(box[1], box[3]) + ROOM, page.height);
  return {
    left: left / page.width,
    top: top / page.height,
    width: (right - left) / page.width,
    height: (bottom - top) / page.height,
  };
}

function within(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}

export function areaStyle(area: Area): { left: string; top: string; width: string; height: string } {
  return {
    left: share(area.left),
    top: share(area.top),
    width: share(area.width),
    height: share(area.height),
  };
}

function share(value: number): string {
  return `${Math.round(value * 1e5) / 1e3}%`;
}

/** Pieces of one line (as letters of several runs are) as one area each line; pieces far apart stay apart. */
export function linesOf(pieces: readonly Area[]): Area[] {
  const lines: Area[] = [];
  for (const piece of pieces) {
    const line = lines.find((one) => sameLine(one, piece));
    if (line) Object.assign(line, around(line, piece));
    else if (piece.width > 0 && piece.height > 0) lines.push({ ...piece });
  }
  return lines;
}

function sameLine(a: Area, b: Area): boolean {
  const shared = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  const apart = Math.max(a.left, b.left) - Math.min(a.left + a.width, b.left + b.width);
  return shared > 0.6 * Math.min(a.height, b.height) && apart < 0.015;
}

function around(a: Area, b: Area): Area {
  const left = Math.min(a.left, b.left);
  const top = Math.min(a.top, b.top);
  return {
    left,
    top,
    width: Math.max(a.left + a.width, b.left + b.width) - left,
    height: Math.max(a.top + a.height, b.top + b.height) - top,
  };
}

/** How far down the page the first of these begins. */
export function topOf(areas: readonly Area[]): number | undefined {
  return areas.length ? Math.min(...areas.map((area) => area.top)) : undefined;
}
