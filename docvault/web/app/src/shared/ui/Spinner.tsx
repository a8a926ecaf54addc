import styles from "./Spinner.module.css";

/** Says nothing to screen readers: whoever waits says so with `aria-busy`. */
export function Spinner() {
  return <span className={styles.spinner} aria-hidden="true" />;
}
