/** Placed by the shell, which brings it along so that no key is lost: Ctrl-K or `/` opens one field for everything. */
import { lazy, Suspense, useEffect, useState } from "react";
import { fulfil } from "@/shared/vault/intents";

const PaletteDialog = lazy(() => import("./PaletteDialog").then((m) => ({ default: m.PaletteDialog })));

export function Palette() {
  const [open, setOpen] = useState(false);
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
      <PaletteDialog onClose={() => setOpen(false)} />
    </Suspense>
  );
}

function writes(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"))
  );
}
