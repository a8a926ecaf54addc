import { type ButtonHTMLAttributes, forwardRef, type ReactNode } from "react";
import { cx } from "@/shared/lib/cx";
import styles from "./IconButton.module.css";

type Props = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "aria-label"> & {
  /** What it does: its name for screen readers, and its tooltip. */
  label: string;
  pressed?: boolean;
  children: ReactNode;
};

export const IconButton = forwardRef<HTMLButtonElement, Props>(function IconButton(
  { label, pressed, className, children, ...rest },
  ref,
) {
  return (
    <button
      ref={ref}
      type="button"
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      className={cx(styles.button, className)}
      {...rest}
    >
      {children}
    </button>
  );
});
