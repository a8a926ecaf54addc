import { type ReactNode, useId } from "react";
import { cx } from "@/shared/lib/cx";
import styles from "./Panel.module.css";

type PanelProps = {
  /** Not needed where the page has nothing else. */
  title?: string;
  /** What it is about, in a sentence or two. */
  text?: ReactNode;
  /** Buttons beside the title. */
  actions?: ReactNode;
  children?: ReactNode;
};

/** One subject of a page of settings. */
export function Panel({ title, text, actions, children }: PanelProps) {
  const id = useId();
  return (
    <section className={styles.panel} aria-labelledby={title && id}>
      <header className={styles.header}>
        <div className={styles.words}>
          {title && (
            <h3 id={id} className={styles.title}>
              {title}
            </h3>
          )}
          {text && <div className={styles.text}>{text}</div>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </section>
  );
}

/** A list in a frame, a line between its rows. */
export function Rows({ label, children }: { label?: string; children: ReactNode }) {
  return (
    <ul className={styles.rows} aria-label={label}>
      {children}
    </ul>
  );
}

type RowProps = {
  icon?: ReactNode;
  title: ReactNode;
  /** Below the title, quieter. */
  detail?: ReactNode;
  /** At the end of the row: a value, or what can be done. */
  children?: ReactNode;
  /** Puts what is at the end below, where there is no room beside. */
  wraps?: boolean;
};

export function Row({ icon, title, detail, children, wraps = false }: RowProps) {
  return (
    <li className={cx(styles.row, wraps && styles.wraps)}>
      {icon && (
        <span className={styles.icon} aria-hidden="true">
          {icon}
        </span>
      )}
      <div className={styles.words}>
        <div className={styles.name}>{title}</div>
        {detail && <div className={styles.detail}>{detail}</div>}
      </div>
      {children && <div className={styles.end}>{children}</div>}
    </li>
  );
}

/** A word about a row: what it is, or how it is. */
export function Badge({
  kind = "plain",
  children,
}: {
  kind?: "plain" | "good" | "warn" | "bad" | "accent";
  children: ReactNode;
}) {
  return <span className={cx(styles.badge, styles[kind])}>{children}</span>;
}
