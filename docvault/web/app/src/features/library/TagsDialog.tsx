import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { Checkbox } from "@/shared/ui/Checkbox";
import { Dialog } from "@/shared/ui/Dialog";
import { tagsQuery } from "@/shared/vault/folders";
import { knownDocuments } from "@/shared/vault/lists";
import { useActions } from "./actions";
import { Buttons } from "./Buttons";
import styles from "./TagsDialog.module.css";

type Props = { ids: readonly string[]; onClose: () => void };

/** Each tag is on all, on some, or on none of the documents. Of those that nobody looked at, nothing is known. */
export function TagsDialog({ ids, onClose }: Props) {
  const { t } = useTexts("library");
  const { t: common } = useTexts();
  const { changeTags } = useActions();
  const [documents] = useState(() => knownDocuments(ids));
  const unseen = ids.length - documents.length;
  const known = useQuery(tagsQuery).data?.map(({ tag }) => tag) ?? [];
  const [extra, setExtra] = useState<string[]>([]);
  const [wanted, setWanted] = useState<Record<string, boolean>>({});
  const [typed, setTyped] = useState("");
  const all = [...new Set([...extra, ...documents.flatMap((one) => one.tags), ...known])];
  const on = (tag: string) => documents.filter((one) => one.tags.includes(tag)).length;

  function add(event: FormEvent) {
    event.preventDefault();
    const tag = typed.trim();
    if (!tag) return;
    setExtra((before) => (before.includes(tag) ? before : [tag, ...before]));
    setWanted((before) => ({ ...before, [tag]: true }));
    setTyped("");
  }

  function save() {
    const named = typed.trim(); // a name that was typed and not added yet is meant too
    const chosen = Object.entries(named ? { ...wanted, [named]: true } : wanted);
    const plus = chosen.filter(([tag, want]) => want && on(tag) < ids.length).map(([tag]) => tag);
    const minus = chosen.filter(([tag, want]) => !want && on(tag) + unseen > 0).map(([tag]) => tag);
    if (plus.length || minus.length) changeTags(ids, plus, minus);
    onClose();
  }

  return (
    <Dialog open onOpenChange={onClose} title={t("tags.title", { count: ids.length })}>
      <form className={styles.add} onSubmit={add}>
        <input
          className={styles.input}
          aria-label={t("tags.new")}
          placeholder={t("tags.new")}
          autoFocus
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit" icon={<Plus />} disabled={!typed.trim()}>
          {t("tags.add")}
        </Button>
      </form>
      <ul className={styles.list}>
        {all.map((tag) => (
          <li key={tag}>
            <Checkbox
              shown
              label={tag}
              checked={wanted[tag] ?? on(tag) === ids.length}
              mixed={wanted[tag] === undefined && on(tag) + unseen > 0 && on(tag) < ids.length}
              onChange={(event) => setWanted({ ...wanted, [tag]: event.target.checked })}
            />
          </li>
        ))}
        {all.length === 0 && <li className={styles.none}>{t("tags.none")}</li>}
      </ul>
      <Buttons>
        <Button onClick={onClose}>{common("action.cancel")}</Button>
        <Button kind="primary" onClick={save}>
          {common("action.save")}
        </Button>
      </Buttons>
    </Dialog>
  );
}
