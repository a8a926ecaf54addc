import { useTexts } from "@/shared/texts";
import { Skeleton } from "@/shared/ui/Skeleton";
import styles from "./RowSkeleton.module.css";

const WIDTHS = ["38%", "52%", "31%", "45%", "60%", "35%", "48%", "41%"];

export function RowSkeleton() {
  const { t } = useTexts();
  return (
    <div className={styles.rows} role="status" aria-label={t("loading")}>
      {WIDTHS.map((width) => (
        <div key={width} className={styles.row}>
          <Skeleton width="1.1rem" height="1.1rem" />
          <Skeleton width={width} />
        </div>
      ))}
    </div>
  );
}
