import {
  ArrowDownUp,
  FolderPlus,
  FolderTree as FolderTreeIcon,
  FolderUp,
  LayoutGrid,
  List,
  ListFilter,
  Plus,
  Trash2,
  Upload,
  X,
} from "lucide-react";
import { number } from "@/shared/lib/format";
import { useTyped } from "@/shared/lib/typed";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { IconButton } from "@/shared/ui/IconButton";
import { Menu, MenuChoice, MenuItem, MenuSeparator } from "@/shared/ui/Menu";
import { Segmented } from "@/shared/ui/Segmented";
import { wish } from "@/shared/vault/intents";
import { isKind, TYPES } from "@/shared/vault/kind";
import { type LibraryPlace, SORTS, type Sort, type View } from "@/shared/vault/place";
import type { Status } from "@/shared/vault/types";
import { useFolderActions } from "./actions";
import { Breadcrumbs } from "./Breadcrumbs";
import { openDialog } from "./dialogs";
import type { Go } from "./LibraryPage";
import styles from "./Toolbar.module.css";

type Props = { place: LibraryPlace; view: View; go: Go; total: number | undefined };

const TYPING = 250; // milliseconds after the last key

export function Toolbar({ place, view, go, total }: Props) {
  const { t } = useTexts("library");
  return (
    <header className={styles.toolbar}>
      <div className={styles.line}>
        <IconButton
          className={styles.folders}
          label={t("folders")}
          onClick={() => openDialog({ kind: "folders" })}
        >
          <FolderTreeIcon />
        </IconButton>
        <Breadcrumbs place={place} go={go} />
        {total !== undefined && (
          <span className={styles.total}>{t("count", { count: total, number: number(total) })}</span>
        )}
        <span className={styles.space} />
        {place.trash ? <TrashButton empty={!total} /> : <NewMenu folder={place.folder} />}
      </div>
      <div className={styles.line}>
        <NameFilter q={place.q ?? ""} go={go} />
        {!place.trash && <FilterMenu place={place} go={go} />}
        <SortMenu sort={place.sort ?? "-created_at"} go={go} />
        <Segmented<View>
          label={t("view.label")}
          value={view}
          onChange={(next) => go({ view: next })}
          options={[
            { value: "list", label: t("view.list"), icon: <List /> },
            { value: "grid", label: t("view.grid"), icon: <LayoutGrid /> },
          ]}
        />
      </div>
      <FilterChips place={place} go={go} />
    </header>
  );
}

function NewMenu({ folder }: { folder: string | undefined }) {
  const { t } = useTexts("library");
  const upload = (directory: boolean) => wish("upload", { ...(folder ? { folder } : {}), directory });
  return (
    <Menu
      trigger={
        <Button kind="primary" icon={<Plus />}>
          {t("new.label")}
        </Button>
      }
    >
      <MenuItem icon={<Upload />} onSelect={() => upload(false)}>
        {t("new.files")}
      </MenuItem>
      <MenuItem icon={<FolderUp />} onSelect={() => upload(true)}>
        {t("new.folderUp")}
      </MenuItem>
      <MenuSeparator />
      <MenuItem
        icon={<FolderPlus />}
        onSelect={() => openDialog({ kind: "newFolder", parent: folder ?? "" })}
      >
        {t("new.folder")}
      </MenuItem>
    </Menu>
  );
}

function TrashButton({ empty }: { empty: boolean }) {
  const { t } = useTexts("library");
  const { emptyTrash } = useFolderActions();
  return (
    <Button
      kind="danger"
      disabled={empty}
      icon={<Trash2 />}
      onClick={() =>
        openDialog({
          kind: "confirm",
          title: t("trash.emptyTitle"),
          text: t("trash.emptyText"),
          confirm: t("trash.empty"),
          run: () => emptyTrash.mutate(),
        })
      }
    >
      {t("trash.empty")}
    </Button>
  );
}

function NameFilter({ q, go }: { q: string; go: Go }) {
  const { t } = useTexts("library");
  const [text, setText] = useTyped(q, TYPING, (typed) => go({ q: typed || undefined }));
  return (
    <input
      type="search"
      className={styles.filter}
      aria-label={t("filter.name")}
      placeholder={t("filter.name")}
      value={text}
      onChange={(event) => setText(event.target.value)}
    />
  );
}

const STATUSES: Status[] = ["ready", "processing", "queued", "failed"];

function FilterMenu({ place, go }: { place: LibraryPlace; go: Go }) {
  const { t } = useTexts("library");
  const any = { value: "", label: t("filter.any") };
  const kinds = Object.keys(TYPES) as (keyof typeof TYPES)[];
  return (
    <Menu
      trigger={
        <IconButton label={t("filter.label")}>
          <ListFilter />
        </IconButton>
      }
    >
      <MenuChoice
        label={t("filter.status")}
        value={place.status ?? ""}
        onChange={(next) => go({ status: (next || undefined) as Status | undefined })}
        options={[any, ...STATUSES.map((value) => ({ value, label: t(`status.${value}`) }))]}
      />
      <MenuSeparator />
      <MenuChoice
        label={t("filter.type")}
        value={place.type ?? ""}
        onChange={(next) => go({ type: next || undefined })}
        options={[any, ...kinds.map((value) => ({ value, label: t(`kind.${value}`) }))]}
      />
    </Menu>
  );
}

function SortMenu({ sort, go }: { sort: Sort; go: Go }) {
  const { t } = useTexts("library");
  return (
    <Menu
      trigger={
        <IconButton label={t("sort.label")}>
          <ArrowDownUp />
        </IconButton>
      }
    >
      <MenuChoice<Sort>
        label={t("sort.label")}
        value={sort}
        onChange={(next) => go({ sort: next })}
        options={SORTS.map((value) => ({ value, label: t(`sort.${value}`) }))}
      />
    </Menu>
  );
}

function FilterChips({ place, go }: { place: LibraryPlace; go: Go }) {
  const { t } = useTexts("library");
  const chips: { key: string; label: string; without: Partial<LibraryPlace> }[] = [];
  if (place.status)
    chips.push({ key: "status", label: t(`status.${place.status}`), without: { status: undefined } });
  if (isKind(place.type))
    chips.push({
      key: "type",
      label: t(`kind.${place.type}`),
      without: { type: undefined },
    });
  for (const tag of place.tags ?? []) {
    const rest = place.tags?.filter((one) => one !== tag);
    chips.push({ key: `#${tag}`, label: `#${tag}`, without: { tags: rest?.length ? rest : undefined } });
  }
  if (chips.length === 0) return null;
  return (
    <ul className={styles.chips} aria-label={t("filter.label")}>
      {chips.map(({ key, label, without }) => (
        <li key={key} className={styles.chip}>
          {label}
          <button type="button" aria-label={t("filter.without", { label })} onClick={() => go(without)}>
            <X aria-hidden="true" />
          </button>
        </li>
      ))}
    </ul>
  );
}
