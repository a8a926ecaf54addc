import { lazy, type ReactNode, Suspense } from "react";
import { useToasts } from "./toast";

const ToasterParts = lazy(() =>
  import("./ToasterParts").then(
    (module): { default: () => ReactNode } => ({ default: module.ToasterParts }),
    () => ({ default: Nothing }), // around it there is no pane that could say so
  ),
);

function Nothing(): ReactNode {
  return null;
}

/** Where messages appear. */
export function Toaster() {
  if (useToasts().length === 0) return null;
  return (
    <Suspense>
      <ToasterParts />
    </Suspense>
  );
}
