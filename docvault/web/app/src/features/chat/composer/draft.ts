/** What is written and not sent yet, per conversation, over reloads of this tab. */
import { useCallback, useState } from "react";
import { useUser } from "@/shared/api/session";

/** All chats of a person that have not begun share one draft. Signing out forgets them all (`shared/api/session`). */
function slotOf(person: string, place: string): string {
  return `docvault.draft.${person}.${place.startsWith("new-") ? "new" : place}`;
}

/** `first` is what an address asks: whoever came by it wants that. */
export function useDraft(place: string, first = ""): [string, (text: string) => void] {
  const slot = slotOf(useUser().id, place);
  const [text, setText] = useState(() => first || (sessionStorage.getItem(slot) ?? ""));
  const write = useCallback(
    (next: string) => {
      setText(next);
      if (next === "") sessionStorage.removeItem(slot);
      else sessionStorage.setItem(slot, next);
    },
    [slot],
  );
  return [text, write];
}
