import {
  cloneElement,
  type HTMLAttributes,
  lazy,
  type ReactElement,
  type ReactNode,
  Suspense,
  useState,
} from "react";

const TooltipParts = lazy(() =>
  import("./TooltipParts").then(
    (module) => ({ default: module.TooltipParts }),
    () => ({ default: Without }),
  ),
);

type Props = {
  content: ReactNode /** Focusable, takes a ref. */;
  children: ReactElement<HTMLAttributes<HTMLElement>>;
};

/** What it explains is worth more than the explanation. */
function Without({ children }: Props) {
  return children;
}

/** More than `title` can say, on hover and on focus. */
export function Tooltip({ content, children }: Props) {
  const [asked, setAsked] = useState(false);
  if (!asked) {
    const ask = () => setAsked(true);
    return cloneElement(children, { onPointerEnter: ask, onFocus: ask });
  }
  return (
    <Suspense fallback={children}>
      <TooltipParts content={content}>{children}</TooltipParts>
    </Suspense>
  );
}
