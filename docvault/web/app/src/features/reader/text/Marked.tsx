import { Fragment } from "react";
import type { Span } from "../match";
import { cut, type Mark } from "./marking";
import styles from "./TextView.module.css";

type Props = { text: string; span: Span; marks: readonly Mark[] };

/** A piece of a page's text with its marks. Its line ends are kept for whoever shows them. */
export function Marked({ text, span, marks }: Props) {
  return cut(text, span, marks).map((piece) =>
    piece.kind ? (
      <mark key={piece.start} data-mark={piece.kind} className={styles[piece.kind]}>
        {piece.text}
      </mark>
    ) : (
      <Fragment key={piece.start}>{piece.text}</Fragment>
    ),
  );
}
