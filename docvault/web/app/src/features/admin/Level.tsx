import { CircleAlert, CircleCheck, CircleX } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/shared/lib/cx";
import styles from "./Admin.module.css";
import type { Level as Kind } from "./health";

const ICONS = { good: CircleCheck, warn: CircleAlert, bad: CircleX };

/** A colour, a shape and words: none of them alone. */
export function Level({ level, children }: { level: Kind; children: ReactNode }) {
  const Icon = ICONS[level];
  return (
    <span className={cx(styles.level, styles[level])}>
      <Icon aria-hidden="true" />
      {children}
    </span>
  );
}
