import type { ReactNode } from "react";
import styles from "./EmptyState.module.css";

type Props = { icon?: ReactNode; title: string; children?: ReactNode; actions?: ReactNode };

/** Nothing is here: says why, and what to do about it. */
export function EmptyState({ icon, title, children, actions }: Props) {
  return (
    <div className={styles.empty}>
      {icon && <span className={styles.icon}>{icon}</span>}
      <h2>{title}</h2>
      {children && <div className={styles.text}>{children}</div>}
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
