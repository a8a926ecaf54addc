import { useNavigate } from "@tanstack/react-router";
import { CheckCheck, Download, FolderInput, MessageSquare, RotateCcw, Tag, Trash2, X } from "lucide-react";
import type { ReactNode } from "react";
import { number } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import { download } from "@/shared/vault/download";
import { useActions } from "./actions";
import { openDialog } from "./dialogs";
import styles from "./SelectionBar.module.css";

type Props = {
  chosen: ReadonlySet<string>;
  /** How many the list has. */
  all: number;
  trash: boolean;
  onAll: () => void;
  onDone: () => void;
};
type ActionsProps = { ids: readonly string[]; onDone: () => void };

export function SelectionBar({ chosen, all, trash, onAll, onDone }: Props) {
  const { t } = useTexts("library");
  const ids = [...chosen];
  const count = t("selected", { count: ids.length, number: number(ids.length) });
  return (
    <div data-selection="" className={styles.bar} role="toolbar" aria-label={count}>
      <IconButton label={t("unselect")} onClick={onDone}>
        <X />
      </IconButton>
      <span className={styles.count}>{count}</span>
      {ids.length < all && (
        <Act label={t("chooseAll", { count: all, number: number(all) })} onClick={onAll}>
          <CheckCheck />
        </Act>
      )}
      {trash ? <TrashActions ids={ids} onDone={onDone} /> : <Actions ids={ids} onDone={onDone} />}
    </div>
  );
}

function Actions({ ids, onDone }: ActionsProps) {
  const { t } = useTexts("library");
  const actions = useActions();
  const navigate = useNavigate();
  const only = ids.length === 1 ? ids[0] : undefined;
  return (
    <>
      <Act
        label={t("action.ask")}
        onClick={() => void navigate({ to: "/chat", search: { documents: ids.slice(0, 50) } })}
      >
        <MessageSquare />
      </Act>
      <Act label={t("action.moveTo")} onClick={() => openDialog({ kind: "move", ids })}>
        <FolderInput />
      </Act>
      <Act label={t("action.tags")} onClick={() => openDialog({ kind: "tags", ids })}>
        <Tag />
      </Act>
      {only && (
        <Act label={t("action.download")} onClick={() => void download(only)}>
          <Download />
        </Act>
      )}
      <Act
        label={t("action.delete")}
        onClick={() => {
          actions.trash(ids);
          onDone();
        }}
      >
        <Trash2 />
      </Act>
    </>
  );
}

function TrashActions({ ids, onDone }: ActionsProps) {
  const { t } = useTexts("library");
  const actions = useActions();
  const then = (act: () => void) => () => {
    act();
    onDone();
  };
  return (
    <>
      <Act label={t("action.restore")} onClick={then(() => actions.restore(ids))}>
        <RotateCcw />
      </Act>
      <Act label={t("action.deleteForever")} onClick={() => actions.remove(ids, onDone)}>
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
