import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { ChevronRight, Folder, Hash, House, Trash2 } from "lucide-react";
import { useState } from "react";
import { number } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { type FolderNode, foldersQuery, folderTree, tagsQuery } from "@/shared/vault/folders";
import { useDropTarget } from "./drag";
import { FolderMenu } from "./FolderMenu";
import styles from "./FolderTree.module.css";

const MOST_TAGS = 12;

/** Placed by the shell beside the library: folders, tags, the trash; `top`: and the whole library. */
export function FolderTree({ top = false }: { top?: boolean }) {
  const { t } = useTexts("library");
  const here = useSearch({ strict: false });
  const tree = folderTree(useQuery(foldersQuery).data ?? []);
  const tags = useQuery(tagsQuery).data ?? [];
  return (
    <nav aria-label={t("folders")} className={styles.tree}>
      {top && (
        <Link
          to="/library"
          search={{}}
          className={styles.link}
          aria-current={here.folder || here.tags || here.trash ? undefined : "page"}
        >
          <House aria-hidden="true" />
          <span className={styles.name}>{t("top")}</span>
        </Link>
      )}
      {tree.length > 0 && <h2 className={styles.heading}>{t("folders")}</h2>}
      <ul>
        {tree.map((node) => (
          <Node key={node.path} node={node} depth={0} current={here.folder} />
        ))}
      </ul>
      {tags.length > 0 && <h2 className={styles.heading}>{t("tags.label")}</h2>}
      <ul>
        {tags.slice(0, MOST_TAGS).map(({ tag, documents }) => (
          <li key={tag}>
            <Link
              to="/library"
              search={{ tags: [tag] }}
              className={styles.link}
              aria-current={here.tags?.includes(tag) ? "page" : undefined}
            >
              <Hash aria-hidden="true" />
              <span className={styles.name}>{tag}</span>
              <span className={styles.count}>{number(documents)}</span>
            </Link>
          </li>
        ))}
      </ul>
      <Link
        to="/library"
        search={{ trash: true }}
        className={styles.link}
        aria-current={here.trash ? "page" : undefined}
      >
        <Trash2 aria-hidden="true" />
        <span className={styles.name}>{t("trash.title")}</span>
      </Link>
    </nav>
  );
}

type NodeProps = { node: FolderNode; depth: number; current: string | undefined };

function Node({ node, depth, current }: NodeProps) {
  const { t } = useTexts("library");
  const within = current === node.path || current?.startsWith(`${node.path}/`) || false;
  const [open, setOpen] = useState(within);
  const { over, ...target } = useDropTarget(node.path);
  const shown = open || (within && current !== node.path);
  return (
    <li>
      <div className={styles.row} data-over={over} {...target}>
        <Link
          to="/library"
          search={{ folder: node.path }}
          className={styles.link}
          style={{ paddingLeft: `${0.4 + depth * 0.85}rem` }}
          aria-current={current === node.path ? "page" : undefined}
        >
          {node.children.length > 0 ? <span className={styles.gap} /> : <Folder aria-hidden="true" />}
          <span className={styles.name}>{node.name}</span>
          <span className={styles.count}>{number(node.documents)}</span>
        </Link>
        {node.children.length > 0 && (
          <button
            type="button"
            className={styles.toggle}
            style={{ left: `${0.25 + depth * 0.85}rem` }}
            aria-expanded={shown}
            aria-label={t(shown ? "collapse" : "expand", { name: node.name })}
            onClick={() => setOpen(!shown)}
          >
            <ChevronRight aria-hidden="true" />
          </button>
        )}
        <span className={styles.menu}>
          <FolderMenu path={node.path} />
        </span>
      </div>
      {shown && (
        <ul>
          {node.children.map((child) => (
            <Node key={child.path} node={child} depth={depth + 1} current={current} />
          ))}
        </ul>
      )}
    </li>
  );
}
