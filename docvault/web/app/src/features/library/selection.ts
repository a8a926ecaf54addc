/** Which documents are chosen, as a reducer: by click, with Shift for a range, with Ctrl for one more. */

/** A place in the list. The document may have moved since; then it counts where it is. */
export type Anchor = { id: string; index: number };
export type Selection = { chosen: ReadonlySet<string> /** Where a range begins. */; anchor: Anchor | null };

export type SelectionAction =
  | { do: "toggle"; at: Anchor }
  | { do: "add"; ids: readonly string[]; from: Anchor }
  | { do: "all"; ids: readonly string[] }
  | { do: "none" }
  /** Documents that left the list are not acted on unseen. */
  | { do: "lose"; ids: ReadonlySet<string> }
  /** The same, where all of the list is known. */
  | { do: "keep"; ids: ReadonlySet<string> };

export const NOTHING: Selection = { chosen: new Set(), anchor: null };

export function select(selection: Selection, action: SelectionAction): Selection {
  switch (action.do) {
    case "toggle": {
      const chosen = new Set(selection.chosen);
      if (!chosen.delete(action.at.id)) chosen.add(action.at.id);
      return { chosen, anchor: action.at };
    }
    case "add":
      return { chosen: new Set([...selection.chosen, ...action.ids]), anchor: action.from };
    case "all":
      return { chosen: new Set(action.ids), anchor: selection.anchor };
    case "none":
      return NOTHING;
    case "lose":
      return remaining(selection, (id) => !action.ids.has(id));
    case "keep":
      return remaining(selection, (id) => action.ids.has(id));
  }
}

function remaining(selection: Selection, isThere: (id: string) => boolean): Selection {
  const chosen = [...selection.chosen].filter(isThere);
  return chosen.length === selection.chosen.size ? selection : { ...selection, chosen: new Set(chosen) };
}
