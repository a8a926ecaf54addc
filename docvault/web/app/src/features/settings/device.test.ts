import { describe, expect, it } from "vitest";
import { deviceOf } from "./device";

const WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)";

describe("deviceOf", () => {
  it.each([
    [`Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} Chrome/139.0.0.0 Safari/537.36`, "Chrome", "Linux"],
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/139.0 Safari/537.36 Edg/139.0`,
      "Edge",
      "Windows",
    ],
    [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 14.5; rv:140.0) Gecko/20100101 Firefox/140.0",
      "Firefox",
      "macOS",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
        "Version/18.5 Mobile/15E148 Safari/604.1",
      "Safari",
      "iPhone",
    ],
    [
      `Mozilla/5.0 (Linux; Android 15; Pixel 9) ${WEBKIT} Chrome/139.0 Mobile Safari/537.36`,
      "Chrome",
      "Android",
    ],
    [`Mozilla/5.0 (X11; CrOS x86_64 16181.0) ${WEBKIT} Chrome/139.0 Safari/537.36`, "Chrome", "ChromeOS"],
  ])("knows %s", (userAgent, browser, system) => {
    expect(deviceOf(userAgent)).toMatchObject({ browser, system });
  });

  it("tells what is held in a hand", () => {
    expect(deviceOf("Mozilla/5.0 (iPad; CPU OS 18_5) Version/18.5 Safari/604.1")?.hand).toBe(true);
    expect(deviceOf("curl/8.14.1")?.hand).toBe(false);
  });

  it("calls programs by their own name, and admits what it does not know", () => {
    expect(deviceOf("curl/8.14.1")).toEqual({ browser: "curl", system: null, hand: false });
    expect(deviceOf("docvault/0.1 (import)")).toMatchObject({ browser: "docvault" });
    expect(deviceOf("")).toBeNull();
    expect(deviceOf("Mozilla/5.0")).toBeNull();
  });
});
