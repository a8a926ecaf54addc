import { memo, type ReactNode } from "react";
import { cx } from "@/shared/lib/cx";
import { useTexts } from "@/shared/texts";
import type { Span } from "../match";
import type { Block } from "./blocks";
import { Marked } from "./Marked";
import type { Mark } from "./marking";
import styles from "./TextView.module.css";
import { useAcross } from "./useAcross";

type Props = { block: Block; text: string; marks: readonly Mark[] };

/** One piece of a page as it is read: a heading, a paragraph, a table. */
export const BlockView = memo(function BlockView({ block, text, marks }: Props) {
  const words = (span: Span) => <Marked text={text} span={span} marks={marks} />;
  switch (block.kind) {
    case "heading":
      return block.level === 1 ? (
        <h2 className={styles.title}>{words(block.span)}</h2>
      ) : (
        <h3 className={styles.heading}>{words(block.span)}</h3>
      );
    case "text":
      return <p className={cx(styles.paragraph, !block.flows && styles.kept)}>{words(block.span)}</p>;
    case "lines":
      return <pre className={styles.lines}>{words(block.span)}</pre>;
    case "list":
      return <List items={block.items} words={words} />;
    case "fields":
      return <Fields fields={block.fields} words={words} />;
    case "table":
      return <Table block={block} words={words} />;
  }
});

const SHORT = 12; // characters of a cell that stays on one line: a date, a number with its unit
const COLUMN = 6; // rem: as narrow as a column of a long table becomes before the table is wider than the window

type Words = (span: Span) => ReactNode;

function List({ items, words }: { items: Extract<Block, { kind: "list" }>["items"]; words: Words }) {
  return (
    <ul className={styles.list}>
      {items.map((item) => (
        <li key={item.span.start} className={styles.item} style={{ marginLeft: `${item.depth * 1.25}rem` }}>
          <span className={styles.marker}>{/^[-*–•▪◦‣]$/.test(item.marker) ? "•" : item.marker}</span>
          <span>{words(item.span)}</span>
        </li>
      ))}
    </ul>
  );
}

function Fields({ fields, words }: { fields: Extract<Block, { kind: "fields" }>["fields"]; words: Words }) {
  return (
    <dl className={styles.fields}>
      {fields.map((field) => (
        <div key={field.name.start} className={styles.field}>
          <dt>{words(field.name)}</dt>
          <dd>{words(field.value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Table({ block, words }: { block: Extract<Block, { kind: "table" }>; words: Words }) {
  const { t } = useTexts("reader");
  const wide = Math.max(...block.rows.map((row) => row.length));
  const [first, ...others] = block.rows;
  const body = block.head ? others : block.rows;
  const key = (row: Span[]) => row[0]?.start ?? 0;
  const whole = ({ start, end }: Span) => (!block.more && end - start <= SHORT ? styles.whole : undefined);
  const rest = (row: Span[]) => (row.length < wide ? { colSpan: wide - row.length + 1 } : {});
  const [box, scrolled] = useAcross(block.more);
  return (
    <section
      ref={box}
      onScroll={scrolled}
      className={styles.tableBox}
      tabIndex={wide > 4 ? 0 : undefined}
      aria-label={wide > 4 ? t("text.table") : undefined}
    >
      <table
        className={cx(styles.table, block.more && styles.evenly)}
        style={block.more ? { minWidth: `${wide * COLUMN}rem` } : undefined}
      >
        {block.head && first && (
          <thead>
            <tr>
              {first.map((cell, index) => (
                <th key={cell.start} scope="col" {...(index === first.length - 1 ? rest(first) : {})}>
                  {words(cell)}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {body.map((row) => (
            <tr key={key(row)}>
              {row.map((cell, index) => (
                <td key={cell.start} className={whole(cell)} {...(index === row.length - 1 ? rest(row) : {})}>
                  {words(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
