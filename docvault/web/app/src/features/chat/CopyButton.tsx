import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import { copyText } from "./copy";

const SHOWN = 1500; // milliseconds for which it says that it is done

/** `text` is made when it is asked for. */
export function CopyButton({
  label,
  text,
  className,
}: {
  label: string;
  text: () => string;
  className?: string;
}) {
  const { t } = useTexts();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <IconButton
      label={copied ? t("action.copied") : label}
      className={className}
      onClick={() => void copyText(text()).then(() => setCopied(true))}
    >
      {copied ? <Check /> : <Copy />}
    </IconButton>
  );
}
