/**
 * Wishes that one feature has and another fulfils, so that neither knows the other: "put these files in",
 * "open the palette". Who fulfils one listens as long as it is shown.
 */
type Wishes = {
  /** Upload these files into `folder`; without files, ask the person for some (`directory`: for a folder). */
  upload: { folder?: string; tags?: string[]; files?: File[]; directory?: boolean };
  palette: undefined;
  /** Asks first where something would be lost. */
  signOut: undefined;
};

type Fulfil = (wished: never) => void;
const fulfillers = new Map<keyof Wishes, Set<Fulfil>>();

/** Who fulfils it may be fetched still: then it is fulfilled in a moment, or never when that takes too long. */
const WAITS = 4000; // milliseconds; after about five, browsers open no dialog for a click any more
const waiting = new Map<keyof Wishes, { wished: unknown; at: number }>();

export function wish<K extends keyof Wishes>(kind: K, wished: Wishes[K]): void {
  const all = fulfillers.get(kind);
  if (!all?.size) waiting.set(kind, { wished, at: Date.now() });
  for (const fulfilIt of all ?? []) (fulfilIt as (wished: Wishes[K]) => void)(wished);
}

/** Until the returned function is called. */
export function fulfil<K extends keyof Wishes>(kind: K, by: (wished: Wishes[K]) => void): () => void {
  const all = fulfillers.get(kind) ?? new Set<Fulfil>();
  fulfillers.set(kind, all.add(by as Fulfil));
  const before = waiting.get(kind);
  waiting.delete(kind);
  if (before && Date.now() - before.at < WAITS) by(before.wished as Wishes[K]);
  return () => void all.delete(by as Fulfil);
}
