import { useState } from "react";

/** For a dialog that no button of its own opens: when it closes, the focus goes back to where it was. */
export function useFocusBack(): (event: Event) => void {
  const [before] = useState(opener);
  return (event) => {
    if (!(before instanceof HTMLElement) || !before.isConnected) return;
    event.preventDefault();
    before.focus({ preventScroll: true });
  };
}

/** A menu is gone by then: the button that opened it is meant. */
function opener(): Element | null {
  const active = document.activeElement;
  const button = active?.closest("[role=menu]")?.getAttribute("aria-labelledby");
  return button ? document.getElementById(button) : active;
}
