/** A list behind a button, to choose several from: with a field to search it, arrows and Enter. */
import { Check } from "lucide-react";
import { Popover } from "radix-ui";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { isEnter } from "@/shared/lib/typing";
import { useTexts } from "@/shared/texts";
import styles from "./Picker.module.css";

export type Choice = {
  key: string;
  label: string;
  detail?: string;
  icon?: ReactNode;
  chosen: boolean;
  disabled?: boolean;
};
export type ChoiceGroup = { key: string; label: string; choices: Choice[] };

type Props = {
  trigger: ReactNode;
  label: string;
  placeholder: string;
  groups: ChoiceGroup[];
  busy?: boolean;
  /** Said when nothing is found. */
  empty: string;
  note?: string;
  q: string;
  onSearch: (q: string) => void;
  onToggle: (key: string) => void;
};

export function Picker({ trigger, ...rest }: Props) {
  const [open, setOpen] = useState(false);
  const change = (next: boolean) => {
    setOpen(next);
    if (!next) rest.onSearch("");
  };
  return (
    <Popover.Root open={open} onOpenChange={change}>
      <Popover.Trigger asChild>{trigger}</Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={styles.content}
          side="top"
          align="start"
          sideOffset={6}
          collisionPadding={8}
          aria-label={rest.label}
          onOpenAutoFocus={(event) => {
            // A keyboard on the screen would cover the list.
            if (matchMedia("(pointer: coarse)").matches) event.preventDefault();
          }}
        >
          <Choices {...rest} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Choices({
  label,
  placeholder,
  groups,
  busy,
  empty,
  note,
  q,
  onSearch,
  onToggle,
}: Omit<Props, "trigger">) {
  const { t } = useTexts();
  const id = useId();
  const all = groups.flatMap((group) => group.choices);
  const [at, setAt] = useState(0);
  const current = all[Math.min(at, all.length - 1)];
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector("[data-current]")?.scrollIntoView?.({ block: "nearest" });
  });
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((now) => (Math.min(now, all.length - 1) + step + all.length) % Math.max(1, all.length));
    } else if (isEnter(event)) {
      event.preventDefault();
      if (current && !current.disabled) onToggle(current.key);
    }
  };
  const optionId = (key: string) => `${id}-${all.findIndex((one) => one.key === key)}`;
  return (
    <>
      <input
        className={styles.search}
        role="combobox"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={current && optionId(current.key)}
        aria-label={label}
        placeholder={placeholder}
        value={q}
        onChange={(event) => {
          setAt(0);
          onSearch(event.target.value);
        }}
        onKeyDown={keys}
      />
      <div
        ref={list}
        id={`${id}-list`}
        role="listbox"
        aria-label={label}
        aria-multiselectable
        className={styles.list}
      >
        {groups.map(
          ({ key, label: name, choices }) =>
            choices.length > 0 && (
              // biome-ignore lint/a11y/useSemanticElements: a listbox has groups, not fieldsets
              <div key={key} role="group" aria-label={name}>
                <p className={styles.group} aria-hidden="true">
                  {name}
                </p>
                {choices.map((choice) => (
                  <Option
                    key={choice.key}
                    id={optionId(choice.key)}
                    choice={choice}
                    current={choice === current}
                    onToggle={onToggle}
                  />
                ))}
              </div>
            ),
        )}
      </div>
      {all.length === 0 && (
        <p className={styles.empty} role="status">
          {busy ? t("loading") : empty}
        </p>
      )}
      {note && <p className={styles.note}>{note}</p>}
    </>
  );
}

type OptionProps = { id: string; choice: Choice; current: boolean; onToggle: (key: string) => void };

function Option({ id, choice, current, onToggle }: OptionProps) {
  const { key, label, detail, icon, chosen, disabled } = choice;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the field above keeps the focus
    <div
      id={id}
      role="option"
      aria-selected={chosen}
      aria-disabled={disabled || undefined}
      data-current={current || undefined}
      className={styles.option}
      onClick={() => !disabled && onToggle(key)}
    >
      {icon}
      <span className={styles.label}>{label}</span>
      {detail && <span className={styles.detail}>{detail}</span>}
      <Check className={styles.check} aria-hidden="true" />
    </div>
  );
}
