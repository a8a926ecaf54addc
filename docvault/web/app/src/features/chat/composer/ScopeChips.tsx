import { FileText, Folder, Tag, X } from "lucide-react";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import styles from "./Composer.module.css";
import { type Part, partsOf, type Scope, toggled } from "./scope";
import { useFilename } from "./vault";

const ICONS = { folder: Folder, tag: Tag, document: FileText };

export function ScopeChips({ scope, onScope }: { scope: Scope; onScope: (scope: Scope) => void }) {
  const { t } = useTexts("chat");
  return (
    <ul className={styles.chips} aria-label={t("scope.chosen")}>
      {partsOf(scope).map((part) => (
        <Chip key={`${part.kind}:${part.value}`} part={part} onRemove={() => onScope(toggled(scope, part))} />
      ))}
    </ul>
  );
}

function Chip({ part, onRemove }: { part: Part; onRemove: () => void }) {
  const { t } = useTexts("chat");
  const filename = useFilename(part.kind === "document" ? part.value : null);
  const Icon = ICONS[part.kind];
  const named = filename === null ? t("scope.gone") : (filename ?? "…");
  const name = part.kind === "document" ? named : part.value;
  return (
    <li className={styles.chip}>
      <Icon aria-hidden="true" />
      <span title={name}>{name}</span>
      <IconButton label={t("scope.remove", { name })} className={styles.remove} onClick={onRemove}>
        <X />
      </IconButton>
    </li>
  );
}
