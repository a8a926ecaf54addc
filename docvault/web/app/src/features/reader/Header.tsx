import { Link } from "@tanstack/react-router";
import { ChevronRight, Trash2 } from "lucide-react";
import { Fragment, type ReactNode } from "react";
import { useTexts } from "@/shared/texts";
import type { DocumentView } from "@/shared/vault/types";
import styles from "./Header.module.css";

/** Where the document lies, what it is called, how it is; and what can be done with it. */
export function Header({ document, children }: { document: DocumentView; children?: ReactNode }) {
  const { t } = useTexts(["reader", "common"]);
  const folders = document.folder ? document.folder.split("/") : [];
  return (
    <header className={styles.header}>
      <div className={styles.names}>
        <nav aria-label={t("folders")} className={styles.folders}>
          <Link to="/library" search={{}}>
            {t("common:nav.library")}
          </Link>
          {folders.map((name, index) => {
            const folder = folders.slice(0, index + 1).join("/");
            return (
              <Fragment key={folder}>
                <ChevronRight aria-hidden="true" />
                <Link to="/library" search={{ folder }}>
                  {name}
                </Link>
              </Fragment>
            );
          })}
          <ChevronRight aria-hidden="true" />
        </nav>
        <h1 className={styles.name} title={document.filename}>
          {document.filename}
        </h1>
        <State document={document} />
      </div>
      <div className={styles.actions}>{children}</div>
    </header>
  );
}

function State({ document }: { document: DocumentView }) {
  const { t } = useTexts(["reader", "common"]);
  if (trashedAt(document))
    return (
      <span className={styles.state} data-kind="warn">
        <Trash2 aria-hidden="true" /> {t("state.trashed")}
      </span>
    );
  if (document.status === "ready") return null;
  return (
    <span className={styles.state} data-kind={document.status === "failed" ? "bad" : "busy"}>
      {t(`state.${document.status}`)}
    </span>
  );
}

export function trashedAt(document: DocumentView): string | null {
  return document.trashed_at ?? null;
}
