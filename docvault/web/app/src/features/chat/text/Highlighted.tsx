import type { RootContent } from "hast";
import { memo } from "react";
import styles from "./Highlighted.module.css";
import { useHighlighted } from "./highlight";

/** Code in the colours of its language, as soon as they are there. */
export function Highlighted({ code, language }: { code: string; language: string }) {
  const { nodes, rest } = useHighlighted(code, language);
  return (
    <code>
      <Nodes nodes={nodes} />
      {rest}
    </code>
  );
}

const Nodes = memo(function Nodes({ nodes }: { nodes: readonly RootContent[] }) {
  return nodes.map((node, n) => {
    if (node.type === "text") return node.value;
    if (node.type !== "element") return null;
    const kind = kindOf(node.properties.className);
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: nothing moves in it
      <span key={n} className={kind && styles[kind]}>
        <Nodes nodes={node.children} />
      </span>
    );
  });
});

const KINDS: Record<string, string> = {
  keyword: "keyword",
  literal: "keyword",
  "selector-tag": "keyword",
  name: "keyword",
  built_in: "type",
  type: "type",
  class: "type",
  meta: "comment",
  comment: "comment",
  quote: "comment",
  string: "string",
  regexp: "string",
  addition: "addition",
  deletion: "deletion",
  number: "number",
  symbol: "number",
  bullet: "number",
  title: "title",
  section: "title",
  "selector-class": "title",
  "selector-id": "title",
  attr: "attribute",
  attribute: "attribute",
  variable: "attribute",
  "template-variable": "attribute",
  property: "attribute",
};

function kindOf(names: unknown): string | undefined {
  const first = Array.isArray(names) ? String(names[0]) : "";
  return KINDS[first.replace(/^hljs-/, "")];
}
