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

/** What a question was about, to be read only. */
export function AskedAbout({ scope }: { scope: Scope }) {
  const { t } = useTexts("chat");
  return (
    <ul className={styles.about} aria-label={t("scope.chosen")}>
      {partsOf(scope).map((part) => (
        <Named key={`${part.kind}:${part.value}`} part={part} />
      ))}
    </ul>
  );
}

function Named({ part }: { part: Part }) {
  const name = useNameOf(part);
  const Icon = ICONS[part.kind];
  return (
    <li>
      <Icon aria-hidden="true" />
      <span title={name}>{name}</span>
    </li>
  );
}

function useNameOf(part: Part): string {
  const { t } = useTexts("chat");
  const filename = useFilename(part.kind === "document" ? part.value : null);
  if (part.kind !== "document") return part.value;
  return filename === null ? t("scope.gone") : (filename ?? "…");
}

function Chip({ part, onRemove }: { part: Part; onRemove: () => void }) {
  const { t } = useTexts("chat");
  const name = useNameOf(part);
  const Icon = ICONS[part.kind];
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
