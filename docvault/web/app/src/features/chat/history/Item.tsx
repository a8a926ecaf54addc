import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { api, body } from "@/shared/api/client";
import { exactly } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import type { ConversationView } from "../types";
import { ConversationMenu } from "./ConversationMenu";
import { retitle } from "./cache";
import styles from "./History.module.css";

type Props = { conversation: ConversationView; found: boolean; onChosen?: () => void };

export function Item({ conversation, found, onChosen }: Props) {
  const { id, title, updated_at: used, preview } = conversation;
  const [renaming, setRenaming] = useState(false);
  const link = useRef<HTMLAnchorElement>(null);
  const rename = useMutation({
    mutationFn: (next: string) => {
      retitle(id, next);
      const params = { path: { conversation_id: id } };
      return body(api.PATCH("/api/conversations/{conversation_id}", { params, body: { title: next } }));
    },
    onSuccess: (kept) => retitle(id, kept.title),
    onError: () => retitle(id, title),
  });
  const renamed = (next: string | null) => {
    setRenaming(false);
    requestAnimationFrame(() => link.current?.focus());
    if (next && next !== title) rename.mutate(next);
  };
  return (
    <li className={styles.item}>
      {renaming ? (
        <Rename title={title} onDone={renamed} />
      ) : (
        <Link
          ref={link}
          to="/chat/$conversationId"
          params={{ conversationId: id }}
          search={{}}
          className={styles.link}
          activeProps={{ "aria-current": "page" }}
          activeOptions={{ includeSearch: false }}
          title={exactly(used)}
          onClick={onChosen}
          onDoubleClick={() => setRenaming(true)}
          onKeyDown={(event) => {
            if (event.key === "F2") setRenaming(true);
          }}
        >
          <span className={styles.name}>{title}</span>
          {found && preview && <span className={styles.preview}>{plain(preview)}</span>}
        </Link>
      )}
      {!renaming && (
        <ConversationMenu id={id} title={title} className={styles.menu} onRename={() => setRenaming(true)} />
      )}
    </li>
  );
}

/** Without the marks of Markdown. */
function plain(preview: string): string {
  return preview
    .replace(/[#*`>|]+/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** `onDone` with null when nothing is to change. */
function Rename({ title, onDone }: { title: string; onDone: (next: string | null) => void }) {
  const { t } = useTexts("chat");
  const [text, setText] = useState(title);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // After the menu that began it has given the focus back.
    const frame = requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.select();
    });
    return () => cancelAnimationFrame(frame);
  }, []);
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter") onDone(text.trim());
    if (event.key === "Escape") onDone(null);
  };
  return (
    <input
      ref={field}
      className={styles.rename}
      aria-label={t("history.title")}
      maxLength={200}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={keys}
      onBlur={() => onDone(text.trim())}
    />
  );
}
