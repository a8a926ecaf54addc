import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Download, Link2, MessageSquareText, MoreHorizontal, PanelRight } from "lucide-react";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { IconButton } from "@/shared/ui/IconButton";
import { Menu, MenuItem } from "@/shared/ui/Menu";
import { toast } from "@/shared/ui/toast";
import type { DocumentView } from "@/shared/vault/types";
import { download } from "./api";
import styles from "./Reader.module.css";

type Props = {
  document: DocumentView;
  /** The address of the page in sight. */
  link: () => string;
  panel: boolean;
  onPanel: () => void;
};

export function Actions({ document, link, panel, onPanel }: Props) {
  const { t } = useTexts(["reader", "common"]);
  const does = useActions(document, link);
  return (
    <>
      <div className={styles.wide}>
        <Button kind="quiet" size="s" icon={<MessageSquareText />} onClick={does.ask}>
          {t("action.ask")}
        </Button>
        <IconButton label={t("action.link")} onClick={does.copy}>
          <Link2 />
        </IconButton>
        <IconButton label={t("action.download")} onClick={does.download} disabled={does.busy}>
          <Download />
        </IconButton>
      </div>
      <div className={styles.narrow}>
        <Menu
          trigger={
            <IconButton label={t("common:action.more")}>
              <MoreHorizontal />
            </IconButton>
          }
        >
          <MenuItem icon={<MessageSquareText />} onSelect={does.ask}>
            {t("action.ask")}
          </MenuItem>
          <MenuItem icon={<Link2 />} onSelect={does.copy}>
            {t("action.link")}
          </MenuItem>
          <MenuItem icon={<Download />} onSelect={does.download}>
            {t("action.download")}
          </MenuItem>
        </Menu>
      </div>
      <IconButton label={t("action.details")} pressed={panel} onClick={onPanel}>
        <PanelRight />
      </IconButton>
    </>
  );
}

function useActions(document: DocumentView, link: () => string) {
  const { t } = useTexts(["reader", "common"]);
  const navigate = useNavigate();
  const downloading = useMutation({ mutationFn: () => download(document) });
  return {
    ask: () => void navigate({ to: "/chat", search: { documents: [document.id] } }),
    copy: async () => {
      try {
        await navigator.clipboard.writeText(link());
        toast({ kind: "good", text: t("linkCopied") });
      } catch {
        toast({ text: t("linkByHand"), detail: link(), stays: 20_000 });
      }
    },
    download: () => downloading.mutate(),
    busy: downloading.isPending,
  };
}
