import { X } from "lucide-react";
import { Toast } from "radix-ui";
import { useTexts } from "@/shared/texts";
import { Button } from "./Button";
import { IconButton } from "./IconButton";
import styles from "./Toaster.module.css";
import { dismiss, useToasts } from "./toast";

/** Fetched with the first message. */
export function ToasterParts() {
  const toasts = useToasts();
  const { t } = useTexts();
  return (
    <Toast.Provider swipeDirection="left">
      {toasts.map((one) => (
        <Toast.Root
          key={one.id}
          className={styles.toast}
          data-kind={one.kind}
          duration={one.stays}
          type={one.kind === "bad" ? "foreground" : "background"}
          onOpenChange={(open) => !open && dismiss(one.id)}
        >
          <div className={styles.words}>
            <Toast.Title className={styles.title}>{one.text}</Toast.Title>
            {one.detail && <Toast.Description className={styles.detail}>{one.detail}</Toast.Description>}
          </div>
          {one.action && (
            <Toast.Action asChild altText={one.action.label} onClick={() => dismiss(one.id, true)}>
              <Button size="s">{one.action.label}</Button>
            </Toast.Action>
          )}
          <Toast.Close asChild>
            <IconButton label={t("action.close")}>
              <X />
            </IconButton>
          </Toast.Close>
        </Toast.Root>
      ))}
      <Toast.Viewport className={styles.viewport} />
    </Toast.Provider>
  );
}
