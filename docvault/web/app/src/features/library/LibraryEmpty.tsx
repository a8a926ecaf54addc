import { FolderOpen, SearchX, Trash2, Upload } from "lucide-react";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { EmptyState } from "@/shared/ui/EmptyState";
import { wish } from "@/shared/vault/intents";
import type { LibraryPlace } from "@/shared/vault/place";
import type { Go } from "./LibraryPage";
import { isFiltered } from "./list";

export function LibraryEmpty({ place, go }: { place: LibraryPlace; go: Go }) {
  const { t } = useTexts("library");
  if (isFiltered(place))
    return (
      <EmptyState
        icon={<SearchX />}
        title={t("empty.filter")}
        actions={
          <Button onClick={() => go({ q: undefined, status: undefined, type: undefined, tags: undefined })}>
            {t("empty.unfilter")}
          </Button>
        }
      >
        {t("empty.filterText")}
      </EmptyState>
    );
  if (place.trash)
    return (
      <EmptyState icon={<Trash2 />} title={t("empty.trash")}>
        {t("empty.trashText")}
      </EmptyState>
    );
  return (
    <EmptyState
      icon={<FolderOpen />}
      title={place.folder ? t("empty.folder") : t("empty.library")}
      actions={
        <>
          <Button
            kind="primary"
            icon={<Upload />}
            onClick={() => wish("upload", place.folder ? { folder: place.folder } : {})}
          >
            {t("new.files")}
          </Button>
          <Button
            onClick={() =>
              wish("upload", { ...(place.folder ? { folder: place.folder } : {}), directory: true })
            }
          >
            {t("new.folderUp")}
          </Button>
        </>
      }
    >
      <p>{t("empty.text")}</p>
    </EmptyState>
  );
}
