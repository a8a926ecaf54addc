/** Sizes, moments and spans as people read them, in the page's language. */

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** The page's language as it is written where the person is: British dates for who reads British English. */
function language(): string {
  const shown = document.documentElement.lang || "en";
  return navigator.languages.find((one) => one.split("-")[0] === shown) ?? shown;
}

/** `1.4 MB`, in powers of 1,000 as file managers count. */
export function bytes(count: number): string {
  const power = count < 1000 ? 0 : Math.min(Math.floor(Math.log10(count) / 3), UNITS.length - 1);
  const value = count / 1000 ** power;
  const maximumFractionDigits = power === 0 || value >= 100 ? 0 : 1;
  const unitDisplay = power === 0 ? "long" : "short";
  return numbers({ style: "unit", unit: UNITS[power], unitDisplay, maximumFractionDigits }).format(value);
}

export function number(value: number): string {
  return numbers({}).format(value);
}

export function percent(share: number): string {
  return numbers({ style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** The hour for today, the day for this year, the date before. */
export function moment(iso: string, now: Date = new Date()): string {
  const date = new Date(iso);
  if (date.toDateString() === now.toDateString()) return format(date, { hour: "numeric", minute: "2-digit" });
  if (date.getFullYear() === now.getFullYear()) return format(date, { day: "numeric", month: "short" });
  return format(date, { day: "numeric", month: "short", year: "numeric" });
}

/** The date, whatever today is. */
export function day(iso: string): string {
  return format(new Date(iso), { dateStyle: "medium" });
}

/** Date and hour in full, for a tooltip. */
export function exactly(iso: string): string {
  return format(new Date(iso), { dateStyle: "long", timeStyle: "short" });
}

function format(date: Date, options: Intl.DateTimeFormatOptions): string {
  return kept(dateFormats, options, (tag) => new Intl.DateTimeFormat(tag, options)).format(date);
}

const numberFormats = new Map<string, Intl.NumberFormat>();
const dateFormats = new Map<string, Intl.DateTimeFormat>();

function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return kept(numberFormats, options, (tag) => new Intl.NumberFormat(tag, options));
}

/** To make a format takes longer than to write with it a hundred times, and a list writes three in each row. */
function kept<T>(formats: Map<string, T>, options: object, make: (tag: string) => T): T {
  const key = language() + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) {
    format = make(language());
    formats.set(key, format);
  }
  return format;
}

/** Makes what lists write with, one after the other, while the page waits for what it will show. */
export function prepareFormats(): void {
  const now = Date.now();
  const yesterday = new Date(now - 86_400_000).toISOString();
  for (const write of [() => exactly(yesterday), () => moment(yesterday), () => bytes(1500)])
    setTimeout(write);
}

/** `3 min`, `2 hr`: rounded to what matters. */
export function span(seconds: number): string {
  const [value, unit] =
    seconds < 60
      ? [Math.max(1, Math.round(seconds)), "second"]
      : seconds < 3600
        ? [Math.round(seconds / 60), "minute"]
        : [Math.round(seconds / 360) / 10, "hour"];
  return new Intl.NumberFormat(language(), {
    style: "unit",
    unit: unit as string,
    unitDisplay: "short",
    maximumFractionDigits: 1,
  }).format(value as number);
}

/** `4:07`: for what is counted down. */
export function clock(seconds: number): string {
  const rest = String(seconds % 60).padStart(2, "0");
  return `${Math.floor(seconds / 60)}:${rest}`;
}
