/** What this DocVault is, asked once: whether anybody has an account yet, and its limits. */
import { queryOptions } from "@tanstack/react-query";
import { body, open } from "@/shared/api/client";
import { keys } from "./keys";

export const aboutQuery = queryOptions({
  queryKey: keys.about,
  queryFn: () => body(open.GET("/api/about")),
  staleTime: 60_000,
});
