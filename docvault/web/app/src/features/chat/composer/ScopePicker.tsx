import { FileText, Folder, ListFilter, Tag } from "lucide-react";
import { type ReactNode, useDeferredValue, useState } from "react";
import { useTexts } from "@/shared/texts";
import styles from "./Composer.module.css";
import { type ChoiceGroup, Picker } from "./Picker";
import { has, type Part, type Scope, toggled } from "./scope";
import { useDocuments, useFolders, useTags } from "./vault";

const MOST = 8; // of a kind, shown at once

/** Which documents are asked: a folder, tags, some documents, or all. */
export function ScopePicker({ scope, onScope }: { scope: Scope; onScope: (scope: Scope) => void }) {
  const { t } = useTexts("chat");
  const [q, setQ] = useState("");
  const { groups, busy } = useGroups(scope, useDeferredValue(q.trim()));
  return (
    <Picker
      trigger={
        <button type="button" className={styles.pick} aria-label={t("scope.pick")}>
          <ListFilter aria-hidden="true" />
          <span>{t("scope.button")}</span>
        </button>
      }
      label={t("scope.pick")}
      placeholder={t("scope.search")}
      groups={groups}
      busy={busy}
      empty={t("scope.none")}
      q={q}
      onSearch={setQ}
      onToggle={(key) => onScope(toggled(scope, partOf(key)))}
    />
  );
}

function useGroups(scope: Scope, q: string): { groups: ChoiceGroup[]; busy: boolean } {
  const { t } = useTexts("chat");
  const documents = useDocuments(q);
  const found = (name: string) => name.toLowerCase().includes(q.toLowerCase());
  const choice = (part: Part, label: string, icon: ReactNode, detail?: string) => {
    return { key: `${part.kind}:${part.value}`, label, icon, detail, chosen: has(scope, part) };
  };
  const folders = useFolders()
    .filter(({ path }) => found(path))
    .slice(0, MOST)
    .map(({ path }) => choice({ kind: "folder", value: path }, path, <Folder />));
  const tags = useTags()
    .filter(({ tag }) => found(tag))
    .slice(0, MOST)
    .map(({ tag }) => choice({ kind: "tag", value: tag }, tag, <Tag />));
  const files = documents.items
    .slice(0, MOST)
    .map((one) => choice({ kind: "document", value: one.id }, one.filename, <FileText />, one.folder));
  return {
    groups: [
      { key: "folders", label: t("scope.folders"), choices: folders },
      { key: "tags", label: t("scope.tags"), choices: tags },
      { key: "documents", label: t("scope.documents"), choices: files },
    ],
    busy: documents.busy,
  };
}

function partOf(key: string): Part {
  const colon = key.indexOf(":");
  return { kind: key.slice(0, colon) as Part["kind"], value: key.slice(colon + 1) };
}
