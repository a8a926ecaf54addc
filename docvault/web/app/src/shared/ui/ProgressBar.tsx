import { cx } from "@/shared/lib/cx";
import styles from "./ProgressBar.module.css";

type Props = {
  /** What progresses, for screen readers. */
  label: string;
  /** 0 to 1; undefined when nobody can tell. */
  value?: number;
  kind?: "accent" | "bad" | "good";
};

export function ProgressBar({ label, value, kind = "accent" }: Props) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value === undefined ? undefined : Math.round(value * 100)}
      className={cx(styles.bar, styles[kind])}
    >
      <span
        className={cx(styles.filled, value === undefined && styles.unknown)}
        style={value === undefined ? undefined : { scale: `${Math.min(1, Math.max(0, value))} 1` }}
      />
    </div>
  );
}
