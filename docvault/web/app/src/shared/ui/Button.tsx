import { type ButtonHTMLAttributes, forwardRef, type ReactNode } from "react";
import { cx } from "@/shared/lib/cx";
import styles from "./Button.module.css";
import { Spinner } from "./Spinner";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  kind?: "primary" | "plain" | "quiet" | "danger";
  size?: "m" | "s";
  icon?: ReactNode;
  busy?: boolean;
};

export const Button = forwardRef<HTMLButtonElement, Props>(function Button(
  { kind = "plain", size = "m", icon, busy = false, className, children, disabled, ...rest },
  ref,
) {
  return (
    <button
      ref={ref}
      type="button"
      className={cx(styles.button, styles[kind], size === "s" && styles.small, className)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    >
      {busy ? <Spinner /> : icon}
      {children}
    </button>
  );
});
