/** Conversations by when they were last used. */
export type Group<T> = { key: string; label: DayLabel; items: T[] };
/** `month` is a moment in the month that is meant. */
export type DayLabel = { kind: "today" | "yesterday" | "week" | "month30" } | { kind: "month"; month: Date };

/** `items` come newest first, and stay so. */
export function byDay<T extends { updated_at: string }>(
  items: readonly T[],
  now: Date = new Date(),
): Group<T>[] {
  const groups: Group<T>[] = [];
  for (const item of items) {
    const label = labelOf(new Date(item.updated_at), now);
    const key = label.kind === "month" ? monthKey(label.month) : label.kind;
    const last = groups.at(-1);
    if (last?.key === key) last.items.push(item);
    else groups.push({ key, label, items: [item] });
  }
  return groups;
}

function labelOf(date: Date, now: Date): DayLabel {
  const days = Math.round((midnight(now) - midnight(date)) / 86_400_000); // a day may have 23 or 25 hours
  if (days <= 0) return { kind: "today" };
  if (days === 1) return { kind: "yesterday" };
  if (days <= 7) return { kind: "week" };
  if (days <= 30) return { kind: "month30" };
  return { kind: "month", month: date };
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function monthKey(date: Date): string {
  return `${date.getFullYear()}-${date.getMonth() + 1}`;
}
