import { History, SquarePen } from "lucide-react";
import { Dialog } from "radix-ui";
import { useState } from "react";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import styles from "./Chat.module.css";
import { ConversationMenu } from "./history/ConversationMenu";
import { History as List } from "./history/History";
import { useNewChat } from "./history/new-chat";

/** The title; on a phone the way to the other conversations, too. */
export function ChatHeader({ place, title }: { place: string; title: string }) {
  const { t } = useTexts("chat");
  const newChat = useNewChat();
  return (
    <header className={styles.header}>
      <Drawer />
      <h1 className={styles.title}>{title || t("new")}</h1>
      {title !== "" && !place.startsWith("new-") && <ConversationMenu id={place} title={title} />}
      <IconButton label={t("new")} className={styles.phone} onClick={newChat}>
        <SquarePen />
      </IconButton>
    </header>
  );
}

function Drawer() {
  const { t } = useTexts("chat");
  const [open, setOpen] = useState(false);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger asChild>
        <IconButton label={t("history.label")} className={styles.phone}>
          <History />
        </IconButton>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className={styles.overlay} />
        <Dialog.Content className={styles.drawer} aria-describedby={undefined}>
          <Dialog.Title className={styles.drawerTitle}>{t("history.label")}</Dialog.Title>
          <List onChosen={() => setOpen(false)} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
