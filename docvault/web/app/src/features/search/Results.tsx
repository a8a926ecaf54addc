import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, useMemo, useState } from "react";
import { unitOffsets } from "@/shared/lib/points";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { DocumentIcon } from "@/shared/vault/DocumentIcon";
import { boxesText, type SearchPlace } from "@/shared/vault/place";
import { type Best, bestSentences, bodyOf } from "./best";
import { type Group, snippet } from "./group";
import { type Hit, MOST, searchQuery } from "./query";
import styles from "./Results.module.css";

type Props = { place: SearchPlace; groups: readonly Group[]; stale: boolean /** Of the words before. */ };

export function Results({ place, groups, stale }: Props) {
  const found = useMemo(() => groups.flatMap((group) => group.hits), [groups]);
  return (
    <ol className={styles.groups} data-stale={stale} onKeyDown={step}>
      {groups.map((group) => (
        <li key={group.documentId}>
          <DocumentHits place={place} group={group} found={found} />
        </li>
      ))}
    </ol>
  );
}

type DocumentProps = { place: SearchPlace; group: Group; found: readonly Hit[] /** In all documents. */ };

function DocumentHits({ place, group, found }: DocumentProps) {
  const { t } = useTexts("search");
  const [opened, setOpened] = useState<SearchPlace>(); // another question closes it again
  const all = opened === place;
  const within = useQuery({ ...searchQuery(place, { within: group.documentId }), enabled: all });
  const rest = all && !within.isPlaceholderData ? within.data?.hits : undefined;
  const best = useMemo(
    () => bestSentences(rest ? [...rest, ...others(found, group)] : found),
    [found, rest, group],
  );
  const first = group.hits[0];
  if (!first) return null;
  const shown = rest ?? (all ? group.hits : group.hits.slice(0, MOST));
  const open = () => {
    left = group.hits[MOST]?.chunk_id ?? null; // who opens it goes on there
    setOpened(place);
    if (within.error) void within.refetch();
  };
  return (
    <section className={styles.group} aria-label={first.filename}>
      <h2 className={styles.name}>
        <DocumentIcon contentType={first.content_type ?? ""} />
        <Link to="/documents/$documentId" params={{ documentId: group.documentId }} search={{}}>
          {first.filename}
        </Link>
        {first.folder && <span className={styles.folder}>{first.folder}</span>}
      </h2>
      <ul>
        {shown.map((hit) => (
          <li key={hit.chunk_id}>
            <HitLink hit={hit} best={best.get(hit.chunk_id)} />
          </li>
        ))}
      </ul>
      {group.hits.length > MOST && (!all || within.error) && (
        <Button size="s" kind="quiet" onClick={open}>
          {t("more")}
        </Button>
      )}
    </section>
  );
}

function others(found: readonly Hit[], group: Group): Hit[] {
  return found.filter((hit) => hit.document_id !== group.documentId);
}

function HitLink({ hit, best }: { hit: Hit; best: Best | undefined }) {
  const { t } = useTexts();
  return (
    <Link
      to="/documents/$documentId"
      params={{ documentId: hit.document_id }}
      search={placeOf(hit, best)}
      className={styles.hit}
      data-hit=""
      ref={focusIfLeft(hit.chunk_id)}
      onClick={() => {
        left = hit.chunk_id;
      }}
    >
      <span className={styles.where}>
        {t("page", { page: hit.page })}
        {hit.section.length > 0 && ` · ${path(hit.section)}`}
      </span>
      <span className={styles.text}>
        <Marked hit={hit} best={best} />
      </span>
    </Link>
  );
}

/** The headings right above it: the first ones are often the document's own name. */
function path(section: readonly string[]): string {
  return (section.length > 2 ? ["…", ...section.slice(-2)] : section).join(" › ");
}

let left: string | null = null; // the hit that was opened last

/** Whether the place is one that was left through a hit, and has it still. */
export function cameBack(): boolean {
  return document.activeElement?.matches("a[data-hit]") ?? false;
}

/** Who comes back from the reader goes on where they were. */
function focusIfLeft(hit: string) {
  return (link: HTMLElement | null) => {
    if (!link || left !== hit) return;
    left = null;
    link.focus({ preventScroll: true });
  };
}

type MarkedProps = { hit: Hit; best: Best | undefined; longest?: number };

/** A sentence that answers is marked, and the words of the question stand out. */
export function Marked({ hit, best, longest }: MarkedProps) {
  const at = unitOffsets(hit.text);
  const words = (hit.marks ?? []).map(([start, end]) => ({ start: at(start), end: at(end) }));
  return snippet(hit.text, bodyOf(hit), best, words, longest).map(({ text, kind }, index) => {
    if (kind === "plain") return text;
    const Kind = kind === "found" ? "b" : "mark";
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text have no other name and never move.
      <Kind key={index} data-word={kind === "best" ? undefined : ""}>
        {text}
      </Kind>
    );
  });
}

/** Where the reader opens, and what is marked there: the sentence that answers, or else the passage. */
export function placeOf(hit: Hit, best: Best | undefined) {
  const boxes = boxesText(hit.boxes);
  if (!best) return { page: hit.page, boxes, start: hit.passage_start, end: hit.passage_end };
  const points = (units: number) => (hit.passage_start ?? 0) + [...hit.text.slice(0, units)].length;
  const quote = hit.text.slice(best.start, best.end);
  return { page: hit.page, boxes, quote, start: points(best.start), end: points(best.end) };
}

/** Up and down go from hit to hit, and up from the first into the field. */
function step(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const hits = [...event.currentTarget.querySelectorAll<HTMLElement>("a[data-hit]")];
  const at = hits.indexOf(document.activeElement as HTMLElement);
  if (at < 0) return;
  event.preventDefault();
  const next = hits[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (next) next.focus();
  else if (event.key === "ArrowUp") document.querySelector<HTMLElement>("search input")?.focus();
}
