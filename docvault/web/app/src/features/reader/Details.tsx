import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { bytes, exactly, number } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import type { DocumentView } from "@/shared/vault/types";
import styles from "./Details.module.css";
import { trashedAt } from "./Header";

/** What is known about the document. */
export function Details({ document, onClose }: { document: DocumentView; onClose: () => void }) {
  const { t } = useTexts("reader");
  const trashed = trashedAt(document);
  return (
    <aside className={styles.panel} aria-label={t("details.label")}>
      <header className={styles.header}>
        <h2>{t("details.label")}</h2>
        <IconButton label={t("details.close")} onClick={onClose}>
          <X />
        </IconButton>
      </header>
      <dl className={styles.facts}>
        <Fact name={t("details.title")}>{document.title}</Fact>
        <Fact name={t("details.name")}>{document.filename}</Fact>
        <Fact name={t("details.tags")}>
          {document.tags.length > 0 && (
            <span className={styles.tags}>
              {document.tags.map((tag) => (
                <Link key={tag} to="/library" search={{ tags: [tag] }} className={styles.tag}>
                  {tag}
                </Link>
              ))}
            </span>
          )}
        </Fact>
        <Fact name={t("details.type")}>{typeOf(document)}</Fact>
        <Fact name={t("details.size")}>{bytes(document.size_bytes)}</Fact>
        <Fact name={t("details.pages")}>{document.pages > 0 && number(document.pages)}</Fact>
        <Fact name={t("details.passages")}>{document.chunks > 0 && number(document.chunks)}</Fact>
        <Fact name={t("details.language")}>{document.language && languageName(document.language)}</Fact>
        <Fact name={t("details.created")}>{exactly(document.created_at)}</Fact>
        <Fact name={t("details.updated")}>{exactly(document.updated_at)}</Fact>
        <Fact name={t("details.trashed")}>{trashed && exactly(trashed)}</Fact>
        <Fact name={t("details.revision")}>
          {document.pending_revision
            ? t("details.pending", { revision: document.revision, pending: document.pending_revision })
            : number(document.revision ?? 1)}
        </Fact>
      </dl>
      {document.warnings && document.warnings.length > 0 && (
        <section className={styles.warnings}>
          <h3>{t("details.warnings")}</h3>
          <ul>
            {document.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </section>
      )}
    </aside>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  if (!children) return null;
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** `PDF`, `DOCX`: the ending of its name says more to people than its content type. */
function typeOf(document: DocumentView): string {
  const ending = /\.([a-z0-9]{1,5})$/i.exec(document.filename)?.[1];
  return ending ? ending.toUpperCase() : document.content_type;
}

function languageName(tag: string): string {
  try {
    return (
      new Intl.DisplayNames([window.document.documentElement.lang || "en"], { type: "language" }).of(tag) ??
      tag
    );
  } catch {
    return tag;
  }
}
