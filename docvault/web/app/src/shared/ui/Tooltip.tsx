import { Tooltip as Radix } from "radix-ui";
import type { ReactNode } from "react";
import styles from "./Tooltip.module.css";

export const TooltipProvider = Radix.Provider;

/** More than `title` can say, on hover and on focus. `children` must take a ref and be focusable. */
export function Tooltip({ content, children }: { content: ReactNode; children: ReactNode }) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className={styles.content} sideOffset={6} collisionPadding={8}>
          {content}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
