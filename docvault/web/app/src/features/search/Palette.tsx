/** Placed by the shell, which brings it along so that no key is lost: Ctrl-K or `/` opens one field for everything. */
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { fulfil } from "@/shared/vault/intents";

const PaletteDialog = lazy(() => import("./PaletteDialog").then((m) => ({ default: m.PaletteDialog })));

export function Palette() {
  const [open, setOpen] = useState(false);
  const early = useEarlyKeys(open);
  useEffect(() => fulfil("palette", () => setOpen(true)), []);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const k = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
      const slash =
        event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !writes(event.target);
      if (!k && !slash) return;
      event.preventDefault();
      setOpen(true);
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
  if (!open) return null;
  return (
    <Suspense>
      <PaletteDialog first={early} onClose={() => setOpen(false)} />
    </Suspense>
  );
}

/** What is typed while the palette is still on its way would go into the field behind it; `take` gives it over. */
function useEarlyKeys(open: boolean): { take: () => string } {
  const typed = useRef("");
  const waits = useRef(false);
  useEffect(() => {
    if (!open) return;
    typed.current = "";
    waits.current = true;
    const pressed = (event: KeyboardEvent) => {
      if (!waits.current || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Backspace") typed.current = typed.current.slice(0, -1);
      else if (event.key.length === 1) typed.current += event.key;
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    window.addEventListener("keydown", pressed, true);
    return () => window.removeEventListener("keydown", pressed, true);
  }, [open]);
  return useMemo(
    () => ({
      take: () => {
        const said = typed.current;
        typed.current = "";
        waits.current = false;
        return said;
      },
    }),
    [],
  );
}

function writes(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"))
  );
}
