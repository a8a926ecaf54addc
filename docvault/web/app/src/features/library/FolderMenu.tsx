import { useNavigate } from "@tanstack/react-router";
import { Ellipsis, FolderInput, FolderPen, FolderPlus, MessageSquare, Trash2 } from "lucide-react";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import { Menu, MenuItem, MenuSeparator } from "@/shared/ui/Menu";
import { nameOf } from "@/shared/vault/folders";
import { useFolderActions } from "./actions";
import { openDialog } from "./dialogs";

export function FolderMenu({ path }: { path: string }) {
  const { t } = useTexts("library");
  const { remove } = useFolderActions();
  const navigate = useNavigate();
  return (
    <Menu
      trigger={
        <IconButton label={t("folderMenu", { name: nameOf(path) })}>
          <Ellipsis />
        </IconButton>
      }
    >
      <MenuItem
        icon={<MessageSquare />}
        onSelect={() => void navigate({ to: "/chat", search: { folder: path } })}
      >
        {t("action.ask")}
      </MenuItem>
      <MenuItem icon={<FolderPlus />} onSelect={() => openDialog({ kind: "newFolder", parent: path })}>
        {t("new.folderInside")}
      </MenuItem>
      <MenuItem icon={<FolderPen />} onSelect={() => openDialog({ kind: "renameFolder", path })}>
        {t("action.rename")}
      </MenuItem>
      <MenuItem icon={<FolderInput />} onSelect={() => openDialog({ kind: "moveFolder", path })}>
        {t("action.moveTo")}
      </MenuItem>
      <MenuSeparator />
      <MenuItem
        danger
        icon={<Trash2 />}
        onSelect={() =>
          openDialog({
            kind: "confirm",
            title: t("deleteFolder.title", { name: nameOf(path) }),
            text: t("deleteFolder.text"),
            confirm: t("action.delete"),
            run: () => remove.mutate(path),
          })
        }
      >
        {t("action.delete")}
      </MenuItem>
    </Menu>
  );
}
