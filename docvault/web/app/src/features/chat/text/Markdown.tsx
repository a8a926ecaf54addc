/** A model's words. They are hostile until shown otherwise: no HTML, nothing loaded from elsewhere. */
import { memo, useMemo } from "react";
import ReactMarkdown, { type Components, type Options } from "react-markdown";
import remarkGfm from "remark-gfm";
import type { Citation } from "../types";
import { blocks, codeOf, mended } from "./blocks";
import { Chip } from "./Chip";
import { Code, CodeBlock, InlineCode, ScrollingTable } from "./Code";
import { CitationsContext } from "./citations";
import styles from "./Markdown.module.css";
import { held, remarkCitations } from "./markers";
import { ImageLink, SafeLink } from "./SafeLink";

type Props = { text: string; citations: Citation[]; writing?: boolean };

export default function Markdown({ text, citations, writing = false }: Props) {
  const parts = useMemo(() => blocks(held(text, citations), writing), [text, citations, writing]);
  const last = parts.length - 1;
  return (
    <CitationsContext value={citations}>
      <div className={styles.markdown}>
        {parts.map((part, n) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a block keeps its place
          <Block key={n} text={writing && n === last ? mended(part) : part} />
        ))}
      </div>
    </CitationsContext>
  );
}

const PLUGINS: Options["remarkPlugins"] = [remarkGfm, remarkCitations];

// Headings go below those of the page.
const COMPONENTS = {
  a: SafeLink,
  img: ImageLink,
  pre: CodeBlock,
  code: InlineCode,
  table: ScrollingTable,
  cite: Chip,
  h1: "h4",
  h2: "h4",
  h3: "h5",
  h4: "h5",
} as Components;

const Block = memo(function Block({ text }: { text: string }) {
  const code = codeOf(text);
  if (code) return <Code {...code} />; // however long it is: nothing of it is parsed
  return (
    <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS}>
      {text}
    </ReactMarkdown>
  );
});
