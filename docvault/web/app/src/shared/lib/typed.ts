import { useEffect, useRef, useState } from "react";

/**
 * The text of a field whose words belong to the address: told when nobody typed for `pause` milliseconds, and following
 * the address when somebody else changes it, as the back button does.
 */
export function useTyped(said: string, pause: number, tell: (text: string) => void) {
  const [text, setText] = useState(said);
  const [known, setKnown] = useState(said);
  const [told, setTold] = useState<readonly string[]>([]); // and not seen in the address yet
  const latest = useRef(tell);
  useEffect(() => {
    latest.current = tell;
  });
  if (said !== known) {
    const at = told.indexOf(said);
    setKnown(said);
    setTold(at < 0 ? [] : told.slice(at + 1));
    if (at < 0) setText(said);
  }
  const last = told.at(-1) ?? known;
  useEffect(() => {
    if (text === last) return;
    const timer = setTimeout(() => {
      setTold((before) => [...before, text]);
      latest.current(text);
    }, pause);
    return () => clearTimeout(timer);
  }, [text, last, pause]);
  return [text, setText] as const;
}
