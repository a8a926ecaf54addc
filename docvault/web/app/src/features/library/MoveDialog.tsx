import { useQuery } from "@tanstack/react-query";
import { Folder, FolderPlus, House } from "lucide-react";
import { useState } from "react";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { type FolderNode, foldersQuery, folderTree } from "@/shared/vault/folders";
import type { DocumentView } from "@/shared/vault/types";
import { useActions } from "./actions";
import { Buttons } from "./Buttons";
import styles from "./MoveDialog.module.css";

type Props = { documents: readonly DocumentView[]; onClose: () => void };

/** Choose a folder, or name one: a new one comes into being with its first document. */
export function MoveDialog({ documents, onClose }: Props) {
  const { t } = useTexts("library");
  const { t: common } = useTexts();
  const { move } = useActions();
  const [target, setTarget] = useState<string | null>(null);
  const [typed, setTyped] = useState("");
  const folders = flat(folderTree(useQuery(foldersQuery).data ?? []));
  const matching = folders.filter(({ path }) => path.toLowerCase().includes(typed.toLowerCase()));
  const fresh = typed.trim() && !folders.some(({ path }) => path === typed.trim()) ? typed.trim() : null;
  const put = () => {
    if (target === null) return;
    move(documents, target);
    onClose();
  };
  return (
    <Dialog open onOpenChange={onClose} title={t("move.title", { count: documents.length })}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          put();
        }}
      >
        <input
          type="search"
          className={styles.search}
          aria-label={t("move.search")}
          placeholder={t("move.search")}
          autoFocus
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <fieldset className={styles.list}>
          <legend className="visually-hidden">{t("folders")}</legend>
          {!typed && <Choice path="" label={t("top")} depth={0} target={target} onChoose={setTarget} />}
          {matching.map(({ path, name, depth }) => (
            <Choice
              key={path}
              path={path}
              label={typed ? path : name}
              depth={typed ? 0 : depth}
              target={target}
              onChoose={setTarget}
            />
          ))}
          {fresh && (
            <Choice
              path={fresh}
              label={t("move.new", { folder: fresh })}
              depth={0}
              target={target}
              onChoose={setTarget}
              isNew
            />
          )}
        </fieldset>
        <Buttons>
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button type="submit" kind="primary" disabled={target === null}>
            {t("action.move")}
          </Button>
        </Buttons>
      </form>
    </Dialog>
  );
}

type ChoiceProps = {
  path: string;
  label: string;
  depth: number;
  target: string | null;
  onChoose: (path: string) => void;
  isNew?: boolean;
};

function Choice({ path, label, depth, target, onChoose, isNew = false }: ChoiceProps) {
  const Icon = isNew ? FolderPlus : path === "" ? House : Folder;
  return (
    <label className={styles.choice} style={{ paddingLeft: `${0.6 + depth * 1.1}rem` }}>
      <input
        type="radio"
        name="folder"
        className="visually-hidden"
        checked={target === path}
        onChange={() => onChoose(path)}
      />
      <Icon aria-hidden="true" />
      <span>{label}</span>
    </label>
  );
}

function flat(nodes: readonly FolderNode[], depth = 0): { path: string; name: string; depth: number }[] {
  return nodes.flatMap((node) => [
    { path: node.path, name: node.name, depth },
    ...flat(node.children, depth + 1),
  ]);
}
