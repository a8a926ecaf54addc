import { cx } from "@/shared/lib/cx";
import { type Area, areaStyle } from "./boxes";
import styles from "./Marks.module.css";

type Props = { areas: readonly Area[]; kind: "cited" | "found" | "current"; label?: string };

/** Soft marks over lines of a page. `label` says to screen readers what they are; without it they are decoration. */
export function Marks({ areas, kind, label }: Props) {
  if (!areas.length) return null;
  return (
    <div
      className={cx(styles.marks, styles[kind])}
      data-marks={kind}
      {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
    >
      {areas.map((area, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name than their place.
        <span key={index} className={styles.mark} style={areaStyle(area)} />
      ))}
    </div>
  );
}
