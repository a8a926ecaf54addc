import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { foldersQuery, tagsQuery } from "@/shared/vault/folders";
import { KINDS } from "@/shared/vault/kind";
import type { SearchPlace } from "@/shared/vault/place";
import styles from "./SearchFilters.module.css";

type Props = { place: SearchPlace; go: (change: Partial<SearchPlace>) => void };

/** The browser's own selects and date fields: quick, and right on every device. */
export function SearchFilters({ place, go }: Props) {
  const { t } = useTexts("search");
  const { t: library } = useTexts("library");
  const folders = useQuery(foldersQuery).data?.map(({ path }) => path) ?? [];
  const tags = useQuery(tagsQuery).data?.map(({ tag }) => tag) ?? [];
  const kinds = KINDS.filter((kind) => kind !== "other");
  const any = place.folder || place.tags || place.type || place.after || place.before;
  return (
    <div className={styles.filters}>
      <Select
        label={t("filter.folder")}
        value={place.folder}
        options={folders}
        onChange={(folder) => go({ folder })}
      />
      <Select
        label={t("filter.tag")}
        value={place.tags?.[0]}
        options={tags}
        onChange={(tag) => go({ tags: tag ? [tag] : undefined })}
      />
      <Select
        label={t("filter.type")}
        value={place.type}
        options={kinds}
        name={(kind) => library(`kind.${kind}`)}
        onChange={(type) => go({ type })}
      />
      <Day label={t("filter.after")} value={place.after} onChange={(after) => go({ after })} />
      <Day label={t("filter.before")} value={place.before} onChange={(before) => go({ before })} />
      {any && (
        <Button
          size="s"
          kind="quiet"
          icon={<X />}
          onClick={() =>
            go({ folder: undefined, tags: undefined, type: undefined, after: undefined, before: undefined })
          }
        >
          {t("filter.none")}
        </Button>
      )}
    </div>
  );
}

type SelectProps<T extends string> = {
  label: string;
  value: string | undefined;
  options: readonly T[];
  name?: (value: T) => string;
  onChange: (value: string | undefined) => void;
};

function Select<T extends string>({ label, value, options, name = (one) => one, onChange }: SelectProps<T>) {
  return (
    <select
      className={styles.control}
      aria-label={label}
      value={value ?? ""}
      data-set={value ? "" : undefined}
      onChange={(event) => onChange(event.target.value || undefined)}
    >
      <option value="">{label}</option>
      {options.map((option) => (
        <option key={option} value={option}>
          {name(option)}
        </option>
      ))}
    </select>
  );
}

type DayProps = { label: string; value: string | undefined; onChange: (value: string | undefined) => void };

function Day({ label, value, onChange }: DayProps) {
  return (
    <label className={styles.day} data-set={value ? "" : undefined}>
      {label}
      <input
        type="date"
        value={value ?? ""}
        onChange={(event) => onChange(event.target.value || undefined)}
      />
    </label>
  );
}
