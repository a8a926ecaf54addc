import { useMutation } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Download, Ellipsis, Pencil, Trash2 } from "lucide-react";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import { Menu, MenuItem } from "@/shared/ui/Menu";
import { deleteSoon } from "./deleting";
import { exportOne } from "./files";
import { useNewChat } from "./new-chat";

type Props = { id: string; title: string; className?: string; onRename?: () => void };

export function ConversationMenu({ id, title, className, onRename }: Props) {
  const { t } = useTexts("chat");
  const { t: common } = useTexts();
  const { conversationId } = useParams({ strict: false });
  const newChat = useNewChat();
  const save = useMutation({ mutationFn: () => exportOne(id, title) });
  const remove = () => {
    if (conversationId === id) newChat();
    deleteSoon(id, { gone: t("history.deleted", { title }), undo: common("action.undo") });
  };
  return (
    <Menu
      trigger={
        <IconButton label={t("history.menu", { title })} className={className}>
          <Ellipsis />
        </IconButton>
      }
    >
      {onRename && (
        <MenuItem icon={<Pencil />} onSelect={onRename}>
          {common("action.rename")}
        </MenuItem>
      )}
      <MenuItem icon={<Download />} onSelect={() => save.mutate()}>
        {t("history.export")}
      </MenuItem>
      <MenuItem icon={<Trash2 />} danger onSelect={remove}>
        {common("action.delete")}
      </MenuItem>
    </Menu>
  );
}
