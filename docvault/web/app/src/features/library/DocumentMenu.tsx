import { useNavigate } from "@tanstack/react-router";
import {
  Ban,
  Download,
  Ellipsis,
  FolderInput,
  MessageSquare,
  Pencil,
  RotateCcw,
  RotateCw,
  Tag,
  Trash2,
} from "lucide-react";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import { Menu, MenuItem, MenuSeparator } from "@/shared/ui/Menu";
import { download } from "@/shared/vault/download";
import type { DocumentView } from "@/shared/vault/types";
import { useActions, useCancel } from "./actions";
import type { Marks } from "./DocumentRow";
import { openDialog } from "./dialogs";

type Props = {
  document: DocumentView;
  /** By the Tab key: only the controls of the row that has the focus are. */
  reached: boolean;
  marks: Marks;
};

export function DocumentMenu({ document, reached, marks }: Props) {
  return (
    <Menu
      trigger={
        <IconButton label={marks.t("documentMenu", { name: document.filename })} tabIndex={reached ? 0 : -1}>
          <Ellipsis />
        </IconButton>
      }
    >
      {marks.trash ? <TrashItems document={document} /> : <Items document={document} />}
    </Menu>
  );
}

function Items({ document }: { document: DocumentView }) {
  const { t } = useTexts("library");
  const actions = useActions();
  const cancel = useCancel();
  const navigate = useNavigate();
  const waiting = document.status === "queued" || document.status === "processing";
  return (
    <>
      {document.status === "failed" && (
        <MenuItem icon={<RotateCw />} onSelect={() => actions.retry([document.id])}>
          {t("action.retry")}
        </MenuItem>
      )}
      {waiting && (
        <MenuItem icon={<Ban />} onSelect={() => cancel.mutate(document.id)}>
          {t("action.cancel")}
        </MenuItem>
      )}
      <MenuItem
        icon={<MessageSquare />}
        disabled={document.status !== "ready"}
        onSelect={() => void navigate({ to: "/chat", search: { documents: [document.id] } })}
      >
        {t("action.ask")}
      </MenuItem>
      <MenuItem icon={<Download />} onSelect={() => void download(document.id)}>
        {t("action.download")}
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon={<Pencil />} onSelect={() => openDialog({ kind: "rename", document })}>
        {t("action.rename")}
      </MenuItem>
      <MenuItem icon={<FolderInput />} onSelect={() => openDialog({ kind: "move", ids: [document.id] })}>
        {t("action.moveTo")}
      </MenuItem>
      <MenuItem icon={<Tag />} onSelect={() => openDialog({ kind: "tags", ids: [document.id] })}>
        {t("action.tags")}
      </MenuItem>
      <MenuSeparator />
      <MenuItem danger icon={<Trash2 />} onSelect={() => actions.trash([document.id])}>
        {t("action.delete")}
      </MenuItem>
    </>
  );
}

function TrashItems({ document }: { document: DocumentView }) {
  const { t } = useTexts("library");
  const actions = useActions();
  return (
    <>
      <MenuItem icon={<RotateCcw />} onSelect={() => actions.restore([document.id])}>
        {t("action.restore")}
      </MenuItem>
      <MenuItem danger icon={<Trash2 />} onSelect={() => actions.remove([document.id])}>
        {t("action.deleteForever")}
      </MenuItem>
    </>
  );
}
