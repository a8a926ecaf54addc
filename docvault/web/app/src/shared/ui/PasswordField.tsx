import { Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { useTexts } from "@/shared/texts";
import { IconButton } from "./IconButton";
import { TextField } from "./TextField";

type Props = {
  label: string;
  autoComplete: "new-password" | "current-password" | "off";
  value: string;
  onChange: (value: string) => void;
  hint?: string | undefined;
  error?: string | undefined;
  autoFocus?: boolean;
};

/** A password, which the person may look at while typing. */
export function PasswordField({ onChange, ...rest }: Props) {
  const { t } = useTexts();
  const [shown, setShown] = useState(false);
  return (
    <TextField
      type={shown ? "text" : "password"}
      name={rest.autoComplete}
      required
      onChange={(event) => onChange(event.target.value)}
      end={
        <IconButton label={shown ? t("password.hide") : t("password.show")} onClick={() => setShown(!shown)}>
          {shown ? <EyeOff /> : <Eye />}
        </IconButton>
      }
      {...rest}
    />
  );
}
