/** Why documents failed, and trying them again. */
import { queryOptions, useMutation } from "@tanstack/react-query";
import { api, body } from "@/shared/api/client";
import { queryClient } from "@/shared/api/query";
import type { components } from "@/shared/api/schema";
import { useTexts } from "@/shared/texts";
import { toast } from "@/shared/ui/toast";
import { keys } from "@/shared/vault/keys";

export type Failure = components["schemas"]["docvault_admin_schemas_FailureView"];

export const failuresQuery = queryOptions({
  queryKey: keys.failures,
  queryFn: () => body(api.GET("/api/admin/failures")),
});

/** Of one reason, or with `null` of all. */
export function useRetry() {
  const { t } = useTexts("admin");
  return useMutation({
    mutationFn: (code: string | null) =>
      body(api.POST("/api/admin/failures/retry", { params: { query: { code } } })),
    onSuccess: ({ retried }) =>
      toast({ text: retried ? t("failures.retried", { count: retried }) : t("failures.retriedNone") }),
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: keys.failures });
      void queryClient.invalidateQueries({ queryKey: keys.health });
    },
  });
}
