import { useNavigate } from "@tanstack/react-router";
import { Download, FolderInput, MessageSquare, RotateCcw, Tag, Trash2, X } from "lucide-react";
import type { ReactNode } from "react";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import { download } from "@/shared/vault/download";
import type { DocumentView } from "@/shared/vault/types";
import { useActions } from "./actions";
import { openDialog } from "./dialogs";
import styles from "./SelectionBar.module.css";

type Props = { chosen: readonly DocumentView[]; trash: boolean; onDone: () => void };

export function SelectionBar({ chosen, trash, onDone }: Props) {
  const { t } = useTexts("library");
  return (
    <div
      data-selection=""
      className={styles.bar}
      role="toolbar"
      aria-label={t("selected", { count: chosen.length })}
    >
      <IconButton label={t("unselect")} onClick={onDone}>
        <X />
      </IconButton>
      <span className={styles.count}>{t("selected", { count: chosen.length })}</span>
      {trash ? <TrashActions chosen={chosen} onDone={onDone} /> : <Actions chosen={chosen} onDone={onDone} />}
    </div>
  );
}

function Actions({ chosen, onDone }: Omit<Props, "trash">) {
  const { t } = useTexts("library");
  const actions = useActions();
  const navigate = useNavigate();
  const only = chosen.length === 1 ? chosen[0] : undefined;
  const ids = chosen.map((document) => document.id);
  return (
    <>
      <Act
        label={t("action.ask")}
        onClick={() => void navigate({ to: "/chat", search: { documents: ids.slice(0, 50) } })}
      >
        <MessageSquare />
      </Act>
      <Act label={t("action.moveTo")} onClick={() => openDialog({ kind: "move", documents: chosen })}>
        <FolderInput />
      </Act>
      <Act label={t("action.tags")} onClick={() => openDialog({ kind: "tags", documents: chosen })}>
        <Tag />
      </Act>
      {only && (
        <Act label={t("action.download")} onClick={() => void download(only.id)}>
          <Download />
        </Act>
      )}
      <Act
        label={t("action.delete")}
        onClick={() => {
          actions.trash(chosen);
          onDone();
        }}
      >
        <Trash2 />
      </Act>
    </>
  );
}

function TrashActions({ chosen, onDone }: Omit<Props, "trash">) {
  const { t } = useTexts("library");
  const actions = useActions();
  const then = (act: () => void) => () => {
    act();
    onDone();
  };
  return (
    <>
      <Act label={t("action.restore")} onClick={then(() => actions.restore(chosen))}>
        <RotateCcw />
      </Act>
      <Act label={t("action.deleteForever")} onClick={() => actions.remove(chosen, onDone)}>
        <Trash2 />
      </Act>
    </>
  );
}

function Act({ label, onClick, children }: { label: string; onClick: () => void; children: ReactNode }) {
  return (
    <IconButton label={label} onClick={onClick}>
      {children}
    </IconButton>
  );
}
