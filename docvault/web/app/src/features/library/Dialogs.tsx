import { useState } from "react";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { TextField } from "@/shared/ui/TextField";
import { nameOf, parentOf } from "@/shared/vault/folders";
import type { DocumentView } from "@/shared/vault/types";
import { useActions, useFolderActions } from "./actions";
import { Buttons } from "./Buttons";
import { type OpenDialog, openDialog, useOpenDialog } from "./dialogs";
import { FolderTree } from "./FolderTree";
import { MoveDialog } from "./MoveDialog";
import { TagsDialog } from "./TagsDialog";

const close = () => openDialog(null);

export function Dialogs() {
  const open = useOpenDialog();
  if (!open) return null;
  switch (open.kind) {
    case "newFolder":
      return <NewFolder parent={open.parent} />;
    case "renameFolder":
      return <RenameFolder path={open.path} />;
    case "rename":
      return <Rename document={open.document} />;
    case "move":
      return <MoveDocuments ids={open.ids} />;
    case "moveFolder":
      return <MoveFolder path={open.path} />;
    case "folders":
      return <FolderSheet />;
    case "tags":
      return <TagsDialog ids={open.ids} onClose={close} />;
    case "confirm":
      return <Confirm {...open} />;
  }
}

function NewFolder({ parent }: { parent: string }) {
  const { t } = useTexts("library");
  const { create } = useFolderActions();
  return (
    <NameDialog
      title={t("new.folder")}
      label={t("folderName")}
      submit={t("new.create")}
      start=""
      onName={(name) => create.mutate([parent, name].filter(Boolean).join("/"))}
    />
  );
}

function RenameFolder({ path }: { path: string }) {
  const { t } = useTexts("library");
  const { rename } = useFolderActions();
  return (
    <NameDialog
      title={t("renameFolder")}
      label={t("folderName")}
      submit={t("action.rename")}
      start={nameOf(path)}
      onName={(name) => rename.mutate({ path, new_path: [parentOf(path), name].filter(Boolean).join("/") })}
    />
  );
}

function Rename({ document }: { document: DocumentView }) {
  const { t } = useTexts("library");
  const { rename } = useActions();
  return (
    <NameDialog
      title={t("renameDocument")}
      label={t("documentName")}
      submit={t("action.rename")}
      start={document.filename}
      onName={(name) => rename(document, name)}
    />
  );
}

function MoveDocuments({ ids }: { ids: readonly string[] }) {
  const { t } = useTexts("library");
  const { move } = useActions();
  return (
    <MoveDialog
      title={t("move.title", { count: ids.length })}
      onMove={(folder) => move(ids, folder)}
      onClose={close}
    />
  );
}

function MoveFolder({ path }: { path: string }) {
  const { t } = useTexts("library");
  const { rename } = useFolderActions();
  const name = nameOf(path);
  return (
    <MoveDialog
      title={t("moveFolder", { name })}
      without={path}
      onMove={(into) => rename.mutate({ path, new_path: [into, name].filter(Boolean).join("/") })}
      onClose={close}
    />
  );
}

/** On a phone: what the sidebar shows elsewhere. */
function FolderSheet() {
  const { t } = useTexts("library");
  return (
    <Dialog open drawer onOpenChange={close} title={t("folders")}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: closes after the links within, which have the keys. */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: a link's click is what Enter gives too. */}
      <div onClick={(event) => (event.target as Element).closest("a") && close()}>
        <FolderTree top />
      </div>
    </Dialog>
  );
}

type NameProps = {
  title: string;
  label: string;
  submit: string;
  start: string;
  onName: (name: string) => void;
};

function NameDialog({ title, label, submit, start, onName }: NameProps) {
  const { t } = useTexts();
  const [name, setName] = useState(start);
  const good = name.trim() !== "" && name.trim() !== start;
  return (
    <Dialog open onOpenChange={close} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!good) return;
          onName(name.trim());
          close();
        }}
      >
        <TextField
          label={label}
          value={name}
          autoFocus
          onFocus={(event) => event.target.setSelectionRange(0, stemLength(start))}
          onChange={(event) => setName(event.target.value)}
        />
        <Buttons>
          <Button onClick={close}>{t("action.cancel")}</Button>
          <Button type="submit" kind="primary" disabled={!good}>
            {submit}
          </Button>
        </Buttons>
      </form>
    </Dialog>
  );
}

/** What of a name a person means to change: not its ending. */
function stemLength(name: string): number {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? dot : name.length;
}

function Confirm({ title, text, confirm, run }: Extract<OpenDialog, { kind: "confirm" }>) {
  const { t } = useTexts();
  return (
    <Dialog open onOpenChange={close} title={title} description={text}>
      <Buttons>
        <Button onClick={close}>{t("action.cancel")}</Button>
        <Button
          kind="danger"
          onClick={() => {
            run();
            close();
          }}
        >
          {confirm}
        </Button>
      </Buttons>
    </Dialog>
  );
}
