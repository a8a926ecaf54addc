import type { ReactNode } from "react";
import styles from "./Buttons.module.css";

/** A dialog's buttons, the confirming one last. */
export function Buttons({ children }: { children: ReactNode }) {
  return <div className={styles.buttons}>{children}</div>;
}
