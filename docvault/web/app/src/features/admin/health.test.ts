import { describe, expect, it } from "vitest";
import { type Details, roomLevel, waitLevel, workersLevel, worst } from "./health";

const WORKER = { host: "a", pid: 1, jobs: 4, version: "1", started_at: "", seen_at: "" };
const FINE: Details = {
  status: "ok",
  parts: { database: "ok", redis: "ok", storage: "ok", embedder: "ok" },
  versions: { docvault: "1", python: "3" },
  queue: { queued: 0, processing: 0, failed: 3, due: 0, oldest_seconds: 0, passages: 0 },
  workers: [WORKER],
  storage: { kind: "files", free_bytes: 50, total_bytes: 100 },
  database_bytes: 1,
  embedder: { model: "m", dimensions: 384 },
};

describe("worst", () => {
  it("is good when all is, and failed documents are no fault of the vault", () => {
    expect(worst(FINE)).toBe("good");
  });

  it("is as bad as the worst part", () => {
    expect(worst({ ...FINE, parts: { ...FINE.parts, embedder: "unavailable" } })).toBe("bad");
    expect(worst({ ...FINE, workers: [] })).toBe("bad");
    expect(worst({ ...FINE, storage: { kind: "files", free_bytes: 5, total_bytes: 100 } })).toBe("warn");
  });
});

describe("levels", () => {
  it("of waiting", () => {
    expect([0, 299, 300, 3600].map(waitLevel)).toEqual(["good", "good", "warn", "bad"]);
  });

  it("of room: a bucket has no end", () => {
    expect(roomLevel({ kind: "s3" })).toBe("good");
    expect(roomLevel({ kind: "files", free_bytes: 0, total_bytes: 100 })).toBe("bad");
  });

  it("of workers: not known, none, and one left over from another version", () => {
    expect(workersLevel(null, "1")).toBe("warn");
    expect(workersLevel([], "1")).toBe("bad");
    expect(workersLevel([WORKER, { ...WORKER, version: "0" }], "1")).toBe("warn");
  });
});
