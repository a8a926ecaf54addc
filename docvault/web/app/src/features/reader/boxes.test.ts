import { expect, test } from "vitest";
import { areaOf, areaStyle, linesOf, topOf } from "./boxes";

const A4 = { width: 600, height: 800 };

test("a box becomes a share of the page, with a little room", () => {
  expect(areaStyle(areaOf([61, 81, 299, 119], A4))).toEqual({
    left: "10%",
    top: "10%",
    width: "40%",
    height: "5%",
  });
});

test("no mark reaches over the edge of the page", () => {
  const area = areaOf([-50, 790, 700, 900], A4);
  expect(area.left).toBe(0);
  expect(area.left + area.width).toBe(1);
  expect(area.top + area.height).toBe(1);
});

test("runs of one line are one mark, columns are not", () => {
  const lines = linesOf([
    { left: 0.1, top: 0.2, width: 0.1, height: 0.02 },
    { left: 0.205, top: 0.201, width: 0.1, height: 0.018 },
    { left: 0.6, top: 0.2, width: 0.1, height: 0.02 },
    { left: 0.1, top: 0.23, width: 0.1, height: 0.02 },
    { left: 0.1, top: 0.23, width: 0, height: 0.02 },
  ]);
  expect(lines).toHaveLength(3);
  expect(lines[0]?.width).toBeCloseTo(0.205);
});

test("the first mark is the topmost", () => {
  expect(topOf([areaOf([0, 300, 10, 310], A4), areaOf([0, 101, 10, 110], A4)])).toBeCloseTo(0.125);
  expect(topOf([])).toBeUndefined();
});
