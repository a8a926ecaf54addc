import { Check, Minus, Plus } from "lucide-react";
import { percent } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { IconButton } from "@/shared/ui/IconButton";
import { Menu, MenuItem } from "@/shared/ui/Menu";
import { stepped, type Zoom } from "./pdf/zoom";
import styles from "./Reader.module.css";

type Props = { zoom: Zoom; share: number; onZoom: (zoom: Zoom) => void };

const FITS = ["auto", "width", "page"] as const;
const SHARES = [0.5, 1, 1.5, 2, 3];

export function ZoomControls({ zoom, share, onZoom }: Props) {
  const { t } = useTexts("reader");
  const item = (value: Zoom, text: string) => (
    <MenuItem key={value} icon={zoom === value ? <Check /> : undefined} onSelect={() => onZoom(value)}>
      {text}
    </MenuItem>
  );
  return (
    <div className={styles.zoom}>
      <IconButton label={t("zoom.out")} onClick={() => onZoom(stepped(share, -1))}>
        <Minus />
      </IconButton>
      <Menu
        align="start"
        trigger={
          <Button kind="quiet" size="s" aria-label={t("zoom.label", { share: percent(share) })}>
            <span className={styles.share}>{percent(share)}</span>
          </Button>
        }
      >
        {FITS.map((fit) => item(fit, t(`zoom.${fit}`)))}
        {SHARES.map((one) => item(one, percent(one)))}
      </Menu>
      <IconButton label={t("zoom.in")} onClick={() => onZoom(stepped(share, 1))}>
        <Plus />
      </IconButton>
    </div>
  );
}
