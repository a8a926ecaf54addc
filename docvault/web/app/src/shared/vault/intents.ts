/**
 * Wishes that one feature has and another fulfils, so that neither knows the other: "put these files in",
 * "open the palette". Who fulfils one listens as long as it is shown.
 */
type Wishes = {
  /** Upload these files into `folder`; without files, ask the person for some (`directory`: for a folder). */
  upload: { folder?: string; tags?: string[]; files?: File[]; directory?: boolean };
  palette: undefined;
};

type Fulfil = (wished: never) => void;
const fulfillers = new Map<keyof Wishes, Set<Fulfil>>();

export function wish<K extends keyof Wishes>(kind: K, wished: Wishes[K]): void {
  for (const fulfilIt of fulfillers.get(kind) ?? []) (fulfilIt as (wished: Wishes[K]) => void)(wished);
}

/** Until the returned function is called. */
export function fulfil<K extends keyof Wishes>(kind: K, by: (wished: Wishes[K]) => void): () => void {
  const all = fulfillers.get(kind) ?? new Set<Fulfil>();
  fulfillers.set(kind, all.add(by as Fulfil));
  return () => void all.delete(by as Fulfil);
}
