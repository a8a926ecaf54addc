import { useQuery } from "@tanstack/react-query";
import { Folder, FolderPlus, House } from "lucide-react";
import { useState } from "react";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { type FolderNode, foldersQuery, folderTree } from "@/shared/vault/folders";
import { Buttons } from "./Buttons";
import styles from "./MoveDialog.module.css";

type Props = {
  title: string;
  /** This folder and what is in it are no place to move to. */
  without?: string;
  onMove: (folder: string) => void;
  onClose: () => void;
};

/** Choose a folder, or name one: a new one comes into being with its first document. */
export function MoveDialog({ title, without, onMove, onClose }: Props) {
  const { t } = useTexts("library");
  const { t: common } = useTexts();
  const [target, setTarget] = useState<string | null>(null);
  const [typed, setTyped] = useState("");
  const all = flat(folderTree(useQuery(foldersQuery).data ?? []));
  const folders = all.filter(({ path }) => !isWithin(path, without));
  const matching = folders.filter(({ path }) => path.toLowerCase().includes(typed.toLowerCase()));
  const named = typed.trim();
  const fresh =
    named && !isWithin(named, without) && !folders.some(({ path }) => path === named) ? named : null;
  // Words alone mean the first folder that they fit, else a new one.
  const exact = folders.find(({ path }) => path === named)?.path;
  const first = named ? (exact ?? matching[0]?.path ?? fresh) : null;
  const meant = [...matching.map(({ path }) => path), fresh, ...(typed ? [] : [""])].includes(target)
    ? target
    : first;
  const put = () => {
    if (meant === null) return;
    onMove(meant);
    onClose();
  };
  return (
    <Dialog open onOpenChange={onClose} title={title}>
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
          {!typed && <Choice path="" label={t("top")} depth={0} target={meant} onChoose={setTarget} />}
          {matching.map(({ path, name, depth }) => (
            <Choice
              key={path}
              path={path}
              label={typed ? path : name}
              depth={typed ? 0 : depth}
              target={meant}
              onChoose={setTarget}
            />
          ))}
          {fresh && (
            <Choice
              path={fresh}
              label={t("move.new", { folder: fresh })}
              depth={0}
              target={meant}
              onChoose={setTarget}
              isNew
            />
          )}
        </fieldset>
        <Buttons>
          <Button onClick={onClose}>{common("action.cancel")}</Button>
          <Button type="submit" kind="primary" disabled={meant === null}>
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

function isWithin(path: string, folder: string | undefined): boolean {
  return folder !== undefined && `${path}/`.startsWith(`${folder}/`);
}

function flat(nodes: readonly FolderNode[], depth = 0): { path: string; name: string; depth: number }[] {
  return nodes.flatMap((node) => [
    { path: node.path, name: node.name, depth },
    ...flat(node.children, depth + 1),
  ]);
}
