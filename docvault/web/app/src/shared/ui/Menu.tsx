/** A menu behind a button, with arrows and letters to move by. */
import type { DropdownMenu } from "radix-ui";
import {
  cloneElement,
  createContext,
  type HTMLAttributes,
  type ReactElement,
  type ReactNode,
  useContext,
  useState,
} from "react";
import styles from "./Menu.module.css";

type Parts = typeof DropdownMenu;
type MenuProps = {
  /** A button that takes a ref and handlers. */
  trigger: ReactElement<HTMLAttributes<HTMLElement>>;
  children: ReactNode;
  align?: "start" | "end";
  side?: "top" | "bottom";
};

const PartsContext = createContext<Parts | null>(null);
let fetched: Promise<Parts> | undefined;

function fetchParts(): Promise<Parts> {
  fetched ??= import("./menu-parts").then((module) => module.parts);
  fetched.catch(() => {
    fetched = undefined; // the next click tries again
  });
  return fetched;
}

export function Menu({ trigger, children, align = "end", side = "bottom" }: MenuProps) {
  const [parts, setParts] = useState<Parts | null>(null);
  const [open, setOpen] = useState(false);
  if (!parts) {
    const show = () =>
      void fetchParts().then((given) => {
        setParts(given);
        setOpen(true);
      });
    return cloneElement(trigger, {
      "aria-haspopup": "menu",
      "aria-expanded": false,
      onPointerEnter: () => void fetchParts(),
      onFocus: () => void fetchParts(),
      onClick: show,
    });
  }
  return (
    <PartsContext value={parts}>
      <parts.Root modal={false} open={open} onOpenChange={setOpen}>
        <parts.Trigger asChild>{trigger}</parts.Trigger>
        <parts.Portal>
          <parts.Content
            className={styles.content}
            align={align}
            side={side}
            sideOffset={4}
            collisionPadding={8}
          >
            {children}
          </parts.Content>
        </parts.Portal>
      </parts.Root>
    </PartsContext>
  );
}

/** Items stand in a menu, which is there once its parts are. */
function useParts(): Parts {
  const parts = useContext(PartsContext);
  if (!parts) throw new Error("An item of a menu stands outside of one.");
  return parts;
}

type ItemProps = {
  icon?: ReactNode;
  danger?: boolean;
  disabled?: boolean;
  onSelect: () => void;
  children: ReactNode;
};

export function MenuItem({ icon, danger = false, disabled = false, onSelect, children }: ItemProps) {
  const parts = useParts();
  return (
    <parts.Item
      className={styles.item}
      data-danger={danger ? "" : undefined}
      disabled={disabled}
      onSelect={onSelect}
    >
      <span className={styles.icon}>{icon}</span>
      {children}
    </parts.Item>
  );
}

type ChoiceProps<T extends string> = {
  label: string;
  value: T;
  options: readonly { value: T; label: string; icon?: ReactNode }[];
  onChange: (value: T) => void;
};

/** One of several. */
export function MenuChoice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  const parts = useParts();
  return (
    <parts.RadioGroup value={value} onValueChange={(next) => onChange(next as T)}>
      <parts.Label className={styles.label}>{label}</parts.Label>
      {options.map((option) => (
        <parts.RadioItem key={option.value} value={option.value} className={styles.item}>
          <span className={styles.icon}>{option.icon}</span>
          {option.label}
          <parts.ItemIndicator className={styles.check}>✓</parts.ItemIndicator>
        </parts.RadioItem>
      ))}
    </parts.RadioGroup>
  );
}

export function MenuSeparator() {
  const parts = useParts();
  return <parts.Separator className={styles.separator} />;
}
