import { expect, test } from "vitest";
import { byDay } from "./days";

const NOW = new Date(2026, 2, 30, 0, 30); // half an hour into a day, the night after the clocks changed in Europe
const at = (...moment: [number, number, number, number?, number?]) => ({
  updated_at: new Date(...moment).toISOString(),
});

test("by the day of the person's calendar, not by hours", () => {
  const groups = byDay(
    [at(2026, 2, 30, 0, 5), at(2026, 2, 29, 23, 50), at(2026, 2, 29, 0, 1), at(2026, 2, 28)],
    NOW,
  );
  expect(groups.map((group) => [group.key, group.items.length])).toEqual([
    ["today", 1],
    ["yesterday", 2],
    ["week", 1],
  ]);
});

test("older ones by month, and the same month of another year apart", () => {
  const groups = byDay([at(2026, 2, 10), at(2026, 1, 3), at(2026, 1, 1), at(2025, 1, 20)], NOW);
  expect(groups.map((group) => group.key)).toEqual(["month30", "2026-2", "2025-2"]);
});

test("a clock that goes ahead is today's", () => {
  expect(byDay([at(2026, 3, 2)], NOW)[0]?.key).toBe("today");
  expect(byDay([], NOW)).toEqual([]);
});
