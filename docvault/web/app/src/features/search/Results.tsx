import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, useState } from "react";
import { unitOffsets } from "@/shared/lib/points";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { DocumentIcon } from "@/shared/vault/DocumentIcon";
import { boxesText } from "@/shared/vault/place";
import { type Group, snippet } from "./group";
import type { Hit } from "./query";
import styles from "./Results.module.css";

type Props = { groups: readonly Group[]; most: number /** Of the words before. */; stale: boolean };

export function Results({ groups, most, stale }: Props) {
  return (
    <ol className={styles.groups} data-stale={stale} onKeyDown={step}>
      {groups.map((group) => (
        <li key={group.documentId}>
          <DocumentHits group={group} most={most} />
        </li>
      ))}
    </ol>
  );
}

function DocumentHits({ group, most }: { group: Group; most: number }) {
  const { t } = useTexts("search");
  const [all, setAll] = useState(false);
  const first = group.hits[0];
  if (!first) return null;
  const shown = all ? group.hits : group.hits.slice(0, most);
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
            <HitLink hit={hit} />
          </li>
        ))}
      </ul>
      {shown.length < group.hits.length && (
        <Button size="s" kind="quiet" onClick={() => setAll(true)}>
          {t("more", { count: group.hits.length - shown.length })}
        </Button>
      )}
    </section>
  );
}

function HitLink({ hit }: { hit: Hit }) {
  const { t } = useTexts();
  return (
    <Link
      to="/documents/$documentId"
      params={{ documentId: hit.document_id }}
      search={placeOf(hit)}
      className={styles.hit}
      data-hit=""
      ref={focusIfLeft(hit.chunk_id)}
      onClick={() => {
        left = hit.chunk_id;
      }}
    >
      <span className={styles.where}>
        {t("page", { page: hit.page })}
        {hit.section.length > 0 && ` · ${hit.section.join(" › ")}`}
      </span>
      <span className={styles.text}>
        <Marked hit={hit} />
      </span>
    </Link>
  );
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

export function Marked({ hit, longest }: { hit: Hit; longest?: number }) {
  const at = unitOffsets(hit.text);
  const marks = (hit.marks ?? []).map(([start, end]) => [at(start), at(end)]);
  const pieces = snippet(hit.text, marks, longest);
  // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text have no other name and never move.
  return pieces.map(({ text, marked }, index) => (marked ? <mark key={index}>{text}</mark> : text));
}

/** Where the reader opens, and what is marked there. */
export function placeOf(hit: Hit) {
  return { page: hit.page, boxes: boxesText(hit.boxes), start: hit.passage_start, end: hit.passage_end };
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
