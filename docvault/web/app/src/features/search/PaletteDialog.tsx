import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { Dialog } from "radix-ui";
import { type KeyboardEvent, type ReactNode, useDeferredValue, useEffect, useId, useState } from "react";
import { api, body } from "@/shared/api/client";
import { useFocusBack } from "@/shared/lib/focus-back";
import { isEnter } from "@/shared/lib/typing";
import { useTexts } from "@/shared/texts";
import { DocumentIcon } from "@/shared/vault/DocumentIcon";
import { keys } from "@/shared/vault/keys";
import { bestSentences } from "./best";
import styles from "./PaletteDialog.module.css";
import { searchQuery, TYPING } from "./query";
import { Marked, placeOf } from "./Results";
import { useCommands } from "./useCommands";

export type Entry = {
  key: string;
  group: string;
  icon: ReactNode;
  label: ReactNode;
  hint?: string;
  run: () => void;
};

const DOCUMENTS = 5;
const PASSAGES = 6;
const EACH = 2; // of a document

type Props = { first: { take: () => string }; onClose: () => void };

/** `first` is what was typed before this was there. */
export function PaletteDialog({ first, onClose }: Props) {
  const { t } = useTexts("search");
  const [text, setText] = useState("");
  useEffect(() => {
    const early = first.take();
    if (early) setText((now) => early + now);
  }, [first]);
  const [entries, late] = useEntries(text);
  const [at, setAt] = useState(0);
  const list = useId();
  const back = useFocusBack();
  const active = Math.min(at, entries.length - 1);
  const take = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  /** What was found for fewer words than stand there now is not what somebody who types on means. */
  function meant(): Entry | undefined {
    return (late && at === 0 && entries.find((entry) => entry.key === "search")) || entries[active];
  }
  function pressed(event: KeyboardEvent) {
    if (event.key === "ArrowDown") setAt((active + 1) % Math.max(1, entries.length));
    else if (event.key === "ArrowUp") setAt((active - 1 + entries.length) % Math.max(1, entries.length));
    else if (isEnter(event)) take(meant());
    else return;
    event.preventDefault();
  }
  useEffect(() => {
    document.getElementById(`${list}-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [list, active]);
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className={styles.overlay} />
        <Dialog.Content className={styles.palette} aria-describedby={undefined} onCloseAutoFocus={back}>
          <Dialog.Title className="visually-hidden">{t("palette.title")}</Dialog.Title>
          <div className={styles.field}>
            <Search aria-hidden="true" />
            <input
              role="combobox"
              aria-expanded="true"
              aria-controls={list}
              aria-activedescendant={entries.length ? `${list}-${active}` : undefined}
              aria-label={t("palette.title")}
              placeholder={t("palette.placeholder")}
              value={text}
              onChange={(event) => {
                setText(event.target.value);
                setAt(0);
              }}
              onKeyDown={pressed}
            />
          </div>
          <Entries id={list} entries={entries} active={active} onPoint={setAt} onTake={take} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

type EntriesProps = {
  id: string;
  entries: readonly Entry[];
  active: number;
  onPoint: (at: number) => void;
  onTake: (entry: Entry) => void;
};

function Entries({ id, entries, active, onPoint, onTake }: EntriesProps) {
  const { t } = useTexts("search");
  return (
    <div id={id} role="listbox" aria-label={t("palette.title")} className={styles.list}>
      {entries.map((entry, at) => (
        <div key={entry.key} role="presentation">
          {entries[at - 1]?.group !== entry.group && (
            <div role="presentation" className={styles.group}>
              {entry.group}
            </div>
          )}
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's, as in every combobox. */}
          <div
            id={`${id}-${at}`}
            role="option"
            tabIndex={-1}
            aria-selected={at === active}
            className={styles.entry}
            onMouseMove={() => at !== active && onPoint(at)}
            onClick={() => onTake(entry)}
          >
            {entry.icon}
            <span className={styles.label}>{entry.label}</span>
            {entry.hint && <span className={styles.hint}>{entry.hint}</span>}
          </div>
        </div>
      ))}
    </div>
  );
}

/** Documents by name, passages by meaning, commands that fit; and whether that is for words typed before. */
function useEntries(typed: string): [entries: Entry[], late: boolean] {
  const { t } = useTexts("search");
  const { t: common } = useTexts();
  const navigate = useNavigate();
  const text = useSettled(useDeferredValue(typed.trim()));
  const commands = useCommands(typed.trim());
  const named = useQuery({
    queryKey: keys.documentsNamed(text),
    queryFn: async ({ signal }) => {
      const params = { query: { q: text, limit: DOCUMENTS } };
      return (await body(api.GET("/api/documents", { params, signal }))).items;
    },
    enabled: text !== "",
    placeholderData: keepPreviousData,
  });
  const passages = useQuery(searchQuery({ q: text }, { hits: PASSAGES, each: EACH }));
  const late = text !== typed.trim() || named.isPlaceholderData || passages.isPlaceholderData;
  if (typed.trim() === "") return [commands, false];
  const best = bestSentences(passages.data?.hits ?? []);
  const documents = (text ? (named.data ?? []) : []).map((document) => ({
    key: document.id,
    group: t("palette.documents"),
    icon: <DocumentIcon contentType={document.content_type} />,
    label: document.filename,
    hint: document.folder,
    run: () =>
      void navigate({ to: "/documents/$documentId", params: { documentId: document.id }, search: {} }),
  }));
  const hits = (text ? (passages.data?.hits ?? []) : []).map((hit) => ({
    key: hit.chunk_id,
    group: t("palette.passages"),
    icon: <DocumentIcon contentType={hit.content_type ?? ""} />,
    label: <Marked hit={hit} best={best.get(hit.chunk_id)} longest={110} />,
    hint: `${hit.filename} · ${common("page", { page: hit.page })}`,
    run: () =>
      void navigate({
        to: "/documents/$documentId",
        params: { documentId: hit.document_id },
        search: placeOf(hit, best.get(hit.chunk_id)),
      }),
  }));
  return [[...documents, ...hits, ...commands], late];
}

/** As it is when nobody typed for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
