/** Which documents are chosen, as a reducer: by click, with Shift for a range, with Ctrl for one more. */

export type Selection = { chosen: ReadonlySet<string> /** Where a range begins. */; anchor: string | null };

export type SelectionAction =
  | { do: "only"; id: string }
  | { do: "toggle"; id: string }
  | { do: "range"; id: string; order: readonly string[] }
  | { do: "all"; order: readonly string[] }
  | { do: "none" }
  | { do: "keep"; order: readonly string[] };

export const NOTHING: Selection = { chosen: new Set(), anchor: null };

export function select(selection: Selection, action: SelectionAction): Selection {
  switch (action.do) {
    case "only":
      return { chosen: new Set([action.id]), anchor: action.id };
    case "toggle": {
      const chosen = new Set(selection.chosen);
      if (!chosen.delete(action.id)) chosen.add(action.id);
      return { chosen, anchor: action.id };
    }
    case "range":
      return ranged(selection, action.id, action.order);
    case "all":
      return { chosen: new Set(action.order), anchor: selection.anchor };
    case "none":
      return NOTHING;
    case "keep": {
      // Documents that left the list are not acted on unseen.
      const there = new Set(action.order);
      const chosen = [...selection.chosen].filter((id) => there.has(id));
      return chosen.length === selection.chosen.size ? selection : { ...selection, chosen: new Set(chosen) };
    }
  }
}

function ranged(selection: Selection, id: string, order: readonly string[]): Selection {
  const from = order.indexOf(selection.anchor ?? id);
  const to = order.indexOf(id);
  if (from < 0 || to < 0) return { chosen: new Set([id]), anchor: id };
  const range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { chosen: new Set([...selection.chosen, ...range]), anchor: selection.anchor ?? id };
}
