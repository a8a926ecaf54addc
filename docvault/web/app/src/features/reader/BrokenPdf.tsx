import { useMutation } from "@tanstack/react-query";
import { FileWarning } from "lucide-react";
import { OFFLINE, type Problem } from "@/shared/api/problem";
import { useProblemText } from "@/shared/lib/problem-text";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { EmptyState } from "@/shared/ui/EmptyState";
import type { DocumentView } from "@/shared/vault/types";
import { download } from "./api";

type Props = { document: DocumentView; problem: Problem; onText: () => void };

/** A PDF that the browser cannot show: its text and its file are still there. */
export function BrokenPdf({ document, problem, onText }: Props) {
  const { t } = useTexts("reader");
  const say = useProblemText();
  const downloading = useMutation({ mutationFn: () => download(document) });
  const own = problem.code === "pdf_broken" || problem.code === "pdf_locked" ? problem.code : null;
  const said = own ? { text: t(`broken.${own}`), hint: null } : say(problem);
  return (
    <div role="alert">
      <EmptyState
        icon={<FileWarning />}
        title={problem.code === OFFLINE ? t("broken.offline") : t("broken.title")}
        actions={
          <>
            <Button kind="primary" onClick={onText}>
              {t("broken.text")}
            </Button>
            <Button busy={downloading.isPending} onClick={() => downloading.mutate()}>
              {t("action.download")}
            </Button>
          </>
        }
      >
        <p>{said.text}</p>
        {said.hint && <p>{said.hint}</p>}
      </EmptyState>
    </div>
  );
}
