import { ArrowUp, Square } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef } from "react";
import { number } from "@/shared/lib/format";
import { isEnter } from "@/shared/lib/typing";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import styles from "./Composer.module.css";
import { useDraft } from "./draft";
import { GrowingText } from "./GrowingText";
import { ModelPicker } from "./ModelPicker";
import { ScopeChips } from "./ScopeChips";
import { ScopePicker } from "./ScopePicker";
import { isNarrowed, type Scope } from "./scope";

const SOFT = 0.75; // of the limit: from here on it is told

type Props = {
  place: string;
  first?: string;
  maxChars: number;
  busy: boolean;
  models: string[];
  onModels: (ids: string[]) => void;
  scope: Scope;
  onScope: (scope: Scope) => void;
  onSend: (question: string) => void;
  onStop: () => void;
};

export function Composer(props: Props) {
  const { place, maxChars, busy, scope, onSend, onStop } = props;
  const { t } = useTexts("chat");
  const [text, setText] = useDraft(place, props.first);
  const field = useRef<HTMLTextAreaElement>(null);
  const note = useId();
  const over = text.length > maxChars;
  const refused = busy || over || text.trim() === "";
  useEffect(() => {
    if (!matchMedia("(pointer: coarse)").matches) field.current?.focus(); // a keyboard on the screen hides half of it
  }, []);
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    field.current?.focus();
    if (refused) return;
    onSend(text.trim());
    setText("");
  };
  const keys = (event: KeyboardEvent) => {
    if (!isEnter(event) || event.shiftKey) return;
    event.preventDefault();
    send();
  };
  return (
    <form className={styles.composer} onSubmit={send}>
      {isNarrowed(scope) && <ScopeChips scope={scope} onScope={props.onScope} />}
      <GrowingText
        ref={field}
        label={t("composer.label")}
        placeholder={t("composer.placeholder")}
        value={text}
        onChange={setText}
        onKeyDown={keys}
        aria-describedby={note}
        aria-invalid={over || undefined}
      />
      <div className={styles.tools}>
        <ScopePicker scope={scope} onScope={props.onScope} />
        <ModelPicker chosen={props.models} onChosen={props.onModels} />
        <Counter id={note} length={text.length} max={maxChars} />
        {busy ? (
          <IconButton label={t("composer.stop")} className={styles.send} onClick={onStop}>
            <Square fill="currentColor" />
          </IconButton>
        ) : (
          <IconButton label={t("composer.send")} type="submit" className={styles.send} disabled={refused}>
            <ArrowUp />
          </IconButton>
        )}
      </div>
    </form>
  );
}

/** Silent until the limit comes near. */
function Counter({ id, length, max }: { id: string; length: number; max: number }) {
  const { t } = useTexts("chat");
  const over = length > max;
  const near = length > SOFT * max;
  return (
    <span id={id} className={styles.counter} data-over={over || undefined} role={over ? "alert" : undefined}>
      {over ? t("composer.over", { count: length - max }) : near && `${number(length)} / ${number(max)}`}
    </span>
  );
}
