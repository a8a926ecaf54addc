import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Download, Ellipsis, Plus, Search, Upload } from "lucide-react";
import { useDeferredValue, useEffect, useRef, useState } from "react";
import { queryClient } from "@/shared/api/query";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { IconButton } from "@/shared/ui/IconButton";
import { Menu, MenuItem } from "@/shared/ui/Menu";
import { toast } from "@/shared/ui/toast";
import { keys } from "@/shared/vault/keys";
import { exportAll, importFile, NotOurs } from "./files";
import { Groups } from "./Groups";
import styles from "./History.module.css";
import { useNewChat } from "./new-chat";

/** The conversations, and the way to a new one. `onChosen` when one was gone to. */
export function History({ onChosen }: { onChosen?: () => void }) {
  const { t } = useTexts("chat");
  const [q, setQ] = useState("");
  const newChat = useNewChat();
  const begin = () => {
    newChat();
    onChosen?.();
  };
  useShortcut(newChat);
  return (
    <section className={styles.history} aria-label={t("history.label")}>
      <div className={styles.top}>
        <Button size="s" icon={<Plus />} className={styles.new} onClick={begin} title="Ctrl Shift O">
          {t("new")}
        </Button>
        <FileMenu onChosen={onChosen} />
      </div>
      <div className={styles.search}>
        <Search aria-hidden="true" />
        <input
          type="search"
          aria-label={t("history.search")}
          placeholder={t("history.search")}
          value={q}
          onChange={(event) => setQ(event.target.value)}
        />
      </div>
      <Groups q={useDeferredValue(q.trim())} onChosen={onChosen} />
    </section>
  );
}

/** Ctrl-Shift-O, as elsewhere. */
function useShortcut(newChat: () => void): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || !event.shiftKey || event.code !== "KeyO") return;
      event.preventDefault();
      newChat();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [newChat]);
}

function FileMenu({ onChosen }: { onChosen?: () => void }) {
  const { t } = useTexts("chat");
  const input = useRef<HTMLInputElement>(null);
  const bringIn = useImport(onChosen);
  const save = useMutation({ mutationFn: exportAll });
  return (
    <>
      <Menu
        trigger={
          <IconButton label={t("history.more")}>
            <Ellipsis />
          </IconButton>
        }
      >
        <MenuItem icon={<Upload />} onSelect={() => input.current?.click()}>
          {t("history.import")}
        </MenuItem>
        <MenuItem icon={<Download />} onSelect={() => save.mutate()}>
          {t("history.exportAll")}
        </MenuItem>
      </Menu>
      <input
        ref={input}
        type="file"
        accept="application/json,.json"
        hidden
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file) bringIn(file);
        }}
      />
    </>
  );
}

function useImport(onChosen?: () => void): (file: File) => void {
  const { t } = useTexts("chat");
  const navigate = useNavigate();
  const { mutate } = useMutation({
    mutationFn: (file: File) =>
      importFile(file).catch((error) => {
        if (error instanceof SyntaxError) throw new Error(t("history.notJson"));
        throw error instanceof NotOurs ? new Error(t("history.notOurs")) : error;
      }),
    onSuccess: async (ids) => {
      await queryClient.invalidateQueries({ queryKey: [...keys.conversations, "list"] });
      toast({ kind: ids.length ? "good" : "info", text: t("history.imported", { count: ids.length }) });
      const [only] = ids;
      if (ids.length !== 1 || !only) return;
      onChosen?.();
      void navigate({ to: "/chat/$conversationId", params: { conversationId: only }, search: {} });
    },
  });
  return mutate;
}
