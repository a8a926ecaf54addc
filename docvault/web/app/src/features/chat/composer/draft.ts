/** What is written and not sent yet, per conversation, over reloads of this tab. */
import { useCallback, useState } from "react";

const KEPT = "docvault.draft.";
/** All chats that have not begun share one draft. */
const slot = (place: string) => KEPT + (place.startsWith("new-") ? "new" : place);

/** `first` is what an address asks: whoever came by it wants that. */
export function useDraft(place: string, first = ""): [string, (text: string) => void] {
  const [text, setText] = useState(() => first || (sessionStorage.getItem(slot(place)) ?? ""));
  const write = useCallback(
    (next: string) => {
      setText(next);
      if (next === "") sessionStorage.removeItem(slot(place));
      else sessionStorage.setItem(slot(place), next);
    },
    [place],
  );
  return [text, write];
}
