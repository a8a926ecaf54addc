import { forwardRef, type TextareaHTMLAttributes, useImperativeHandle, useLayoutEffect, useRef } from "react";
import styles from "./Composer.module.css";

type Props = Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "onChange" | "aria-label"> & {
  label: string;
  value: string;
  onChange: (text: string) => void;
};

/** As high as what is in it. */
export const GrowingText = forwardRef<HTMLTextAreaElement, Props>(function GrowingText(
  { label, value, onChange, ...rest },
  ref,
) {
  const field = useRef<HTMLTextAreaElement>(null);
  useImperativeHandle(ref, () => field.current as HTMLTextAreaElement);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another text is another height
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [value]);
  return (
    <textarea
      ref={field}
      rows={1}
      className={styles.text}
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      {...rest}
    />
  );
});
