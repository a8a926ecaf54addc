import { expect, test } from "vitest";
import { folderOf, type Item, isLitter, isSame, Speed, type Stage, totals } from "./model";

function item(stage: Stage, size = 100, sent = 0): Item {
  return {
    id: crypto.randomUUID(),
    name: "a.txt",
    folder: "",
    tags: [],
    size,
    lastModified: 1,
    stage,
    sent,
    url: null,
    documentId: null,
    failure: null,
  };
}

test("totals count what is done whole and leave out what was cancelled", () => {
  const all = totals([
    item("done"),
    item("duplicate"),
    item("sending", 100, 40),
    item("cancelled"),
    item("refused"),
  ]);
  expect(all).toEqual({ files: 4, finished: 2, failed: 1, interrupted: 0, active: 1, bytes: 300, sent: 240 });
});

test("speed is that of the last seconds, and none after a pause", () => {
  const speed = new Speed();
  for (let second = 0; second <= 10; second += 1) speed.add(second * 1000, second * 2000);
  expect(speed.get(10_000)).toBeCloseTo(2000);
  expect(speed.get(16_000)).toBe(0);
});

test("speed needs two moments", () => {
  const speed = new Speed();
  speed.add(0, 0);
  expect(speed.get(10)).toBe(0);
});

test.each([".DS_Store", "Thumbs.db", "~$report.docx", "._photo.jpg", ".~lock.report.odt#"])(
  "%s is litter",
  (name) => {
    expect(isLitter(name)).toBe(true);
  },
);

test("an ordinary hidden file is not litter", () => {
  expect(isLitter(".notes.md")).toBe(false);
});

test("a dropped folder's files keep their folders", () => {
  expect(folderOf("letters", "1987/may/a.txt")).toBe("letters/1987/may");
  expect(folderOf("", "a.txt")).toBe("");
});

test("a file is the same by name, size, date and folder", () => {
  const file = new File(["x".repeat(100)], "a.txt", { lastModified: 1 });
  expect(isSame(item("interrupted"), file, "")).toBe(true);
  expect(isSame(item("interrupted"), file, "other")).toBe(false);
});
