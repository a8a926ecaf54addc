/**
 * Code in colours. While code is written, what was coloured last stands with the plain rest behind it, and all of it is
 * coloured anew now and then: the longer that takes, the more seldom.
 */
import type { RootContent } from "hast";
import { useEffect, useRef, useState } from "react";

type Languages = typeof import("./languages");
type Done = { code: string; language: string; nodes: RootContent[] };

const LONGEST = 60_000; // characters of code that is coloured
const PAUSE = 150; // milliseconds between two times
const SHARE = 12; // of the time at most one in so many goes into colours
const MOST_KEPT = 60;

let languages: Languages | null = null;
const kept = new Map<string, Done>(); // what was coloured lately, for code that comes into sight again

/** `rest` is what follows `nodes` and has no colours, or not yet. */
export function useHighlighted(code: string, language: string): { nodes: RootContent[]; rest: string } {
  const [done, setDone] = useState(() => kept.get(`${language} ${code}`) ?? null);
  const wanted = useRef({ code, language });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const pause = useRef(0);
  const current = done?.language === language && code.startsWith(done.code) ? done : null;
  const whole = current?.code === code;
  useEffect(() => {
    wanted.current = { code, language };
    if (timer.current !== undefined || whole || language === "" || code.length > LONGEST) return;
    const colour = async () => {
      languages ??= await import("./languages");
      const began = performance.now();
      const next = colouredBy(languages, wanted.current);
      pause.current = Math.max(PAUSE, SHARE * (performance.now() - began));
      timer.current = undefined;
      setDone(next);
    };
    timer.current = setTimeout(() => void colour().catch(() => undefined), pause.current); // code without colours is code
  }, [code, language, whole]);
  useEffect(() => {
    if (done?.nodes.length) keep(done);
  }, [done]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return { nodes: current?.nodes ?? [], rest: current ? code.slice(current.code.length) : code };
}

function colouredBy({ coloured }: Languages, { code, language }: { code: string; language: string }): Done {
  const tree = coloured(code, language.toLowerCase());
  return { code, language, nodes: tree?.children ?? [{ type: "text", value: code }] };
}

function keep(done: Done): void {
  kept.set(`${done.language} ${done.code}`, done);
  for (const key of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(key);
}
