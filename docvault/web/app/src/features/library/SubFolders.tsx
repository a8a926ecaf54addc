import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Folder } from "lucide-react";
import { useTexts } from "@/shared/texts";
import { childrenOf, type FolderNode, foldersQuery, folderTree } from "@/shared/vault/folders";
import { useDropTarget } from "./drag";
import { FolderMenu } from "./FolderMenu";
import styles from "./SubFolders.module.css";

/** The folders right inside this one. */
export function SubFolders({ path }: { path: string }) {
  const { t } = useTexts("library");
  const inside = useSubFolders(path);
  if (inside.length === 0) return null;
  return (
    <ul className={styles.folders} aria-label={t("folders")}>
      {inside.map((node) => (
        <FolderCard key={node.path} node={node} />
      ))}
    </ul>
  );
}

function FolderCard({ node }: { node: FolderNode }) {
  const { t } = useTexts();
  const { over, ...target } = useDropTarget(node.path);
  return (
    <li className={styles.card} data-over={over} {...target}>
      <Link to="/library" search={{ folder: node.path }} className={styles.link}>
        <Folder aria-hidden="true" />
        <span className={styles.name}>{node.name}</span>
        <span className={styles.count}>{t("documents", { count: node.documents })}</span>
      </Link>
      <FolderMenu path={node.path} />
    </li>
  );
}

export function useSubFolders(path: string): FolderNode[] {
  return childrenOf(folderTree(useQuery(foldersQuery).data ?? []), path);
}
