/** The API counts characters in Unicode code points, JavaScript in UTF-16 units: they differ from emoji on. */
export function unitOffsets(text: string): (points: number) => number {
  if (!/[\ud800-\udbff]/.test(text)) return (points) => points;
  const offsets = [0];
  for (const point of text) offsets.push((offsets.at(-1) ?? 0) + point.length);
  return (points) => offsets[points] ?? text.length;
}
