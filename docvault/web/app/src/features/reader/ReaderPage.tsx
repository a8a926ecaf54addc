import { getRouteApi, Link } from "@tanstack/react-router";
import { FileX2 } from "lucide-react";
import { asProblem } from "@/shared/api/problem";
import { useTexts } from "@/shared/texts";
import { EmptyState } from "@/shared/ui/EmptyState";
import { ErrorBoundary } from "@/shared/ui/ErrorBoundary";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { Skeleton } from "@/shared/ui/Skeleton";
import type { DocumentView } from "@/shared/vault/types";
import { useDocument } from "./api";
import { Header, trashedAt } from "./Header";
import { Trashed } from "./Notes";
import { Reader } from "./Reader";
import styles from "./Reader.module.css";
import { Unread } from "./Unread";

const route = getRouteApi("/inside/documents/$documentId");

/** One document: its pages when it has been read, else how far that is or why it failed. */
export function ReaderPage() {
  const { documentId } = route.useParams();
  const { data: document, error, refetch } = useDocument(documentId);
  if (document) return <Opened document={document} />;
  if (error && asProblem(error).status === 404) return <Gone />;
  if (error) return <ProblemNote error={error} onRetry={() => void refetch()} />;
  return <Opening />;
}

function Opened({ document }: { document: DocumentView }) {
  // A newer revision that is being read does not hide the one that was.
  const readable = document.status === "ready" || document.pages > 0;
  if (readable) return <Reader key={document.id} document={document} />;
  return (
    <div className={styles.reader}>
      <Header document={document} />
      {trashedAt(document) !== null && <Trashed document={document} />}
      <ErrorBoundary resetKey={document.status}>
        <Unread document={document} />
      </ErrorBoundary>
    </div>
  );
}

function Opening() {
  const { t } = useTexts();
  return (
    <div className={styles.skeleton} role="status" aria-label={t("loading")}>
      <Skeleton width="16rem" height="1.2rem" />
      <Skeleton height="60vh" />
    </div>
  );
}

function Gone() {
  const { t } = useTexts(["reader", "common"]);
  return (
    <EmptyState
      icon={<FileX2 />}
      title={t("gone.title")}
      actions={
        <Link to="/library" search={{}}>
          {t("common:missing.home")}
        </Link>
      }
    >
      <p>{t("gone.text")}</p>
    </EmptyState>
  );
}
