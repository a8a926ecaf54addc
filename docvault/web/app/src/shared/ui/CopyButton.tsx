import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { copyText } from "@/shared/lib/copy";
import { useTexts } from "@/shared/texts";
import { Button } from "./Button";

const SHOWN = 1500; // milliseconds for which it says that it is done

/** `label` names what is copied, for those who hear the page. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const { t } = useTexts();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Button
      size="s"
      icon={copied ? <Check /> : <Copy />}
      aria-label={copied ? undefined : label}
      onClick={() => void copyText(text).then(() => setCopied(true))}
    >
      <span aria-live="polite">{copied ? t("action.copied") : t("action.copy")}</span>
    </Button>
  );
}
