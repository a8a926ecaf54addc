import { memo } from "react";
import { Skeleton } from "@/shared/ui/Skeleton";
import styles from "./WaitingRow.module.css";

type Props = { index: number; focused: boolean; label: string };

/** The place of a document that is being asked for. */
export const WaitingRow = memo(function WaitingRow({ index, focused, label }: Props) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a grid of its own, as the other rows are.
    <div
      role="row"
      aria-rowindex={index + 1}
      aria-label={label}
      tabIndex={focused ? 0 : -1}
      data-index={index}
      className={styles.row}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as above. */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the row takes the focus. */}
      <span role="gridcell" className={styles.cell}>
        <Skeleton width="1.1rem" height="1.1rem" />
        <Skeleton width={`${30 + ((index * 37) % 32)}%`} />
      </span>
    </div>
  );
});
