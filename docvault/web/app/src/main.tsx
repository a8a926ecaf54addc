import "@fontsource-variable/inter/wght.css";
import "@/shared/styles/tokens.css";
import "@/shared/styles/base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, startTransition } from "react";
import { createRoot } from "react-dom/client";
import { forgetOnSignOut, queryClient } from "@/shared/api/query";
import { keepSettling } from "@/shared/api/session";
import { keepPageForLater } from "@/shared/lib/newer-version";
import { watchParts } from "@/shared/lib/parts";
import { showTheme } from "@/shared/lib/theme";
import { startTexts } from "@/shared/texts";
import { Toaster } from "@/shared/ui/Toaster";
import { router } from "./app/router";

const root = document.getElementById("root") as HTMLElement;

async function start(): Promise<void> {
  watchParts();
  showTheme();
  forgetOnSignOut();
  // Beside the texts: who is there, and what shows the place. Whatever goes wrong comes up again below.
  await Promise.all([startTexts(), router.load().catch(() => undefined)]);
  keepSettling();
  // Drawn bit by bit, between everything else that the browser has to do; nothing waits for the whole.
  startTransition(() =>
    createRoot(root).render(
      <StrictMode>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
          <Toaster />
        </QueryClientProvider>
      </StrictMode>,
    ),
  );
  if (import.meta.env.PROD) keepPageForLater();
}

start().catch(() => {
  root.textContent = "DocVault could not be fetched whole. Look whether there is a connection, then reload.";
});
