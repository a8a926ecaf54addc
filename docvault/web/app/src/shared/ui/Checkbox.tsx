import { type InputHTMLAttributes, useEffect, useRef } from "react";
import { cx } from "@/shared/lib/cx";
import styles from "./Checkbox.module.css";

type Props = Omit<InputHTMLAttributes<HTMLInputElement>, "type" | "aria-label"> & {
  label: string;
  /** Some of several. */
  mixed?: boolean;
  /** Shown beside the box; without it `label` is for screen readers alone. */
  shown?: boolean;
};

export function Checkbox({ label, mixed = false, shown = false, className, ...rest }: Props) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.indeterminate = mixed;
  }, [mixed]);
  return (
    <label className={cx(styles.label, className)}>
      <input ref={box} type="checkbox" className={styles.box} {...rest} />
      <span className={shown ? undefined : "visually-hidden"}>{label}</span>
    </label>
  );
}
