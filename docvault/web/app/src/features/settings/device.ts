/** What a session runs on, as its browser calls itself: enough to know it again. */

export type Device = { browser: string; system: string | null; hand: boolean };

// The order counts: nearly all say that they are Safari, and those built upon Chrome that they are Chrome.
const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, "Edge"],
  [/\bOPR\/|\bOpera\b/, "Opera"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bHeadlessChrome\//, "Chrome"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:Chrome|CriOS)\//, "Chrome"],
  [/\bChromium\//, "Chromium"],
  [/\bVersion\/[\d.]+ .*Safari\//, "Safari"],
  [/^curl\//, "curl"],
  [/\bpython-(?:requests|httpx|urllib)/i, "Python"],
];

const SYSTEMS: readonly [RegExp, string][] = [
  [/\biPhone\b|\biPod\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMacintosh\b|\bMac OS X\b/, "macOS"],
  [/\bLinux\b|\bX11\b/, "Linux"],
];

/** Null for a program that does not say what it is. One that is no browser is called by its own first word. */
export function deviceOf(userAgent: string): Device | null {
  const named = (all: readonly [RegExp, string][]) => all.find(([sign]) => sign.test(userAgent))?.[1] ?? null;
  const browser = named(BROWSERS) ?? /^(?!Mozilla\b)[\w.-]+/.exec(userAgent)?.[0] ?? null;
  if (browser === null) return null;
  return { browser, system: named(SYSTEMS), hand: /\bMobi|iPhone|iPad|Android/.test(userAgent) };
}
