/** Everything a person has, as a ZIP that the browser downloads while the server makes it. */
import { useMutation } from "@tanstack/react-query";
import { api, body } from "@/shared/api/client";
import { useTexts } from "@/shared/texts";
import { toast } from "@/shared/ui/toast";

export function useExport() {
  const { t } = useTexts("settings");
  return useMutation({
    mutationFn: () => body(api.POST("/api/export/link")),
    onSuccess: ({ url }) => {
      toast({ text: t("storage.exportStarted") });
      location.assign(url); // an attachment: the page stays
    },
  });
}
