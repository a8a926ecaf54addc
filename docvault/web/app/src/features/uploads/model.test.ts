import { expect, test } from "vitest";
import { folderOf, gather, type Item, isLitter, marksOf, Speed, type Stage, shares, totals } from "./model";

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
  expect(marksOf(item("interrupted"), "")).toBe(marksOf(file, ""));
  expect(marksOf(item("interrupted"), "")).not.toBe(marksOf(file, "other"));
});

function gathered(items: Item[], most = { files: 10, bytes: 1000 }, taken = new Set<string>()) {
  const byId = new Map(items.map((one) => [one.id, one]));
  const waiting = items.map(({ id }) => id);
  const chosen = gather(waiting, (id) => byId.get(id), most, taken);
  const places = (ids: string[]) => ids.map((id) => items.findIndex((one) => one.id === id));
  return { chosen: places(chosen.map(({ id }) => id)), left: places(waiting) };
}
const named = (name: string, more: Partial<Item> = {}): Item => ({ ...item("waiting"), name, ...more });

test("a request holds so many files, and so many bytes", () => {
  const five = ["a", "b", "c", "d", "e"].map((name) => named(name));
  expect(gathered(five, { files: 3, bytes: 1000 })).toEqual({ chosen: [0, 1, 2], left: [3, 4] });
  expect(gathered(five, { files: 10, bytes: 250 })).toEqual({ chosen: [0, 1], left: [2, 3, 4] });
  expect(gathered(five, { files: 10, bytes: 50 })).toEqual({ chosen: [0], left: [1, 2, 3, 4] });
});

test("a request is for one folder, with the same tags", () => {
  const four = [named("a"), named("b", { folder: "x" }), named("c", { tags: ["t"] }), named("d")];
  expect(gathered(four)).toEqual({ chosen: [0, 3], left: [1, 2] });
});

test("a newer version waits for the one before", () => {
  expect(gathered([named("a"), named("a"), named("b")])).toEqual({ chosen: [0, 2], left: [1] });
  expect(gathered([named("a"), named("b")], undefined, new Set(["/a"]))).toEqual({ chosen: [1], left: [0] });
});

test("what was cancelled is passed over", () => {
  expect(gathered([item("cancelled"), named("b")])).toEqual({ chosen: [1], left: [] });
});

test("bytes of a request are those of its files in their order", () => {
  expect(shares(0, 330, [100, 200])).toEqual([0, 0]);
  expect(shares(65, 330, [100, 200])).toEqual([50, 0]);
  expect(shares(230, 330, [100, 200])).toEqual([100, 100]);
  expect(shares(330, 330, [100, 200])).toEqual([100, 200]);
});
