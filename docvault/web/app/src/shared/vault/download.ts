/** The browser's own download of the original: it streams to the disk, whatever its size. */
import { api, body } from "@/shared/api/client";
import { asProblem } from "@/shared/api/problem";
import { problemText } from "@/shared/lib/problem-text";
import { toast } from "@/shared/ui/toast";

export async function download(documentId: string): Promise<void> {
  try {
    const params = { path: { document_id: documentId } };
    const { url } = await body(
      api.POST("/api/documents/{document_id}/link", { params, body: { download: true } }),
    );
    open(url);
  } catch (error) {
    const { text, hint } = problemText(asProblem(error));
    toast({ kind: "bad", text, detail: hint ?? undefined });
  }
}

/** A click on a link leaves the page where it is, for the answer is an attachment. */
function open(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  link.click();
}
