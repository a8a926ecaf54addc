import { Link } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import { Fragment } from "react";
import { useTexts } from "@/shared/texts";
import { nameOf } from "@/shared/vault/folders";
import type { LibraryPlace } from "@/shared/vault/place";
import styles from "./Breadcrumbs.module.css";
import { useDropTarget } from "./drag";
import type { Go } from "./LibraryPage";

/** Where one is; documents may be dropped on every folder above. */
export function Breadcrumbs({ place, go: _go }: { place: LibraryPlace; go: Go }) {
  const { t } = useTexts("library");
  const parts = place.folder?.split("/") ?? [];
  const paths = parts.map((_, depth) => parts.slice(0, depth + 1).join("/"));
  const here = place.trash ? t("trash.title") : place.folder ? nameOf(place.folder) : t("title");
  const above = place.trash ? [] : ["", ...paths].slice(0, -1);
  return (
    <nav aria-label={t("breadcrumbs")} className={styles.crumbs}>
      {place.folder !== undefined &&
        above.map((path) => (
          <Fragment key={path}>
            <Crumb path={path} label={path ? nameOf(path) : t("title")} />
            <ChevronRight aria-hidden="true" />
          </Fragment>
        ))}
      <h1 className={styles.here}>{here}</h1>
    </nav>
  );
}

function Crumb({ path, label }: { path: string; label: string }) {
  const { over, ...target } = useDropTarget(path);
  return (
    <Link
      to="/library"
      search={path ? { folder: path } : {}}
      className={styles.crumb}
      data-over={over}
      {...target}
    >
      {label}
    </Link>
  );
}
