import styles from "./Skeleton.module.css";

/** The shape of what is coming. `width` in CSS units. */
export function Skeleton({ width = "100%", height = "0.9rem" }: { width?: string; height?: string }) {
  return <span className={styles.skeleton} style={{ width, height }} aria-hidden="true" />;
}
