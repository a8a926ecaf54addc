import type { ReactNode } from "react";
import { useTexts } from "@/shared/texts";
import { Button } from "./Button";
import { Dialog } from "./Dialog";

type Props = {
  title: string;
  text: ReactNode;
  /** The button that does it, named after what it does. */
  confirm: string;
  /** The button that does not; "Cancel" without. */
  stay?: string;
  onConfirm: () => void;
  onClose: () => void;
};

/** One more question before what cannot be taken back. */
export function ConfirmDialog({ title, text, confirm, stay, onConfirm, onClose }: Props) {
  const { t } = useTexts();
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={title}
      description={text}
      actions={
        <>
          <Button onClick={onClose}>{stay ?? t("action.cancel")}</Button>
          <Button
            kind="danger"
            onClick={() => {
              onConfirm();
              onClose();
            }}
          >
            {confirm}
          </Button>
        </>
      }
    />
  );
}
