import { lazy, Suspense } from "react";
import { useToasts } from "./toast";

const ToasterParts = lazy(() =>
  import("./ToasterParts").then((module) => ({ default: module.ToasterParts })),
);

/** Where messages appear. */
export function Toaster() {
  if (useToasts().length === 0) return null;
  return (
    <Suspense>
      <ToasterParts />
    </Suspense>
  );
}
