import { forwardRef, type InputHTMLAttributes, type ReactNode, useId } from "react";
import { cx } from "@/shared/lib/cx";
import styles from "./TextField.module.css";

type Props = InputHTMLAttributes<HTMLInputElement> & {
  label: string;
  hint?: ReactNode;
  error?: ReactNode;
  /** Shown inside the field, at its end: a button for instance. */
  end?: ReactNode;
};

export const TextField = forwardRef<HTMLInputElement, Props>(function TextField(
  { label, hint, error, end, className, id, ...rest },
  ref,
) {
  const made = useId();
  const field = id ?? made;
  const said = error ?? hint;
  return (
    <div className={cx(styles.field, className)}>
      <label htmlFor={field}>{label}</label>
      <div className={styles.box} data-invalid={error ? "" : undefined}>
        <input
          ref={ref}
          id={field}
          aria-invalid={error ? true : undefined}
          aria-describedby={said ? `${field}-said` : undefined}
          {...rest}
        />
        {end}
      </div>
      {said && (
        <p
          id={`${field}-said`}
          className={error ? styles.error : styles.hint}
          role={error ? "alert" : undefined}
        >
          {said}
        </p>
      )}
    </div>
  );
});
