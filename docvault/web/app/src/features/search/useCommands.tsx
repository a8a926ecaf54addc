import { useNavigate } from "@tanstack/react-router";
import { FolderUp, Library, MessageSquarePlus, Search, Settings, SunMoon, Upload } from "lucide-react";
import { theme } from "@/shared/lib/theme";
import { useTexts } from "@/shared/texts";
import { wish } from "@/shared/vault/intents";
import { keepTheme } from "@/shared/vault/preferences";
import type { Entry } from "./PaletteDialog";

/** What can be done from anywhere; with words, what they fit, and always: to search for them and to ask them. */
export function useCommands(text: string): Entry[] {
  const { t } = useTexts("search");
  const navigate = useNavigate();
  const group = t("palette.commands");
  const said = [
    {
      key: "search",
      icon: <Search />,
      label: t("palette.searchFor", { text }),
      run: () => void navigate({ to: "/search", search: { q: text } }),
    },
    {
      key: "ask",
      icon: <MessageSquarePlus />,
      label: t("palette.ask", { text }),
      run: () => void navigate({ to: "/chat", search: { q: text } }),
    },
  ];
  const plain = [
    {
      key: "chat",
      icon: <MessageSquarePlus />,
      label: t("palette.newChat"),
      run: () => void navigate({ to: "/chat", search: {} }),
    },
    { key: "upload", icon: <Upload />, label: t("palette.upload"), run: () => wish("upload", {}) },
    {
      key: "uploadFolder",
      icon: <FolderUp />,
      label: t("palette.uploadFolder"),
      run: () => wish("upload", { directory: true }),
    },
    {
      key: "library",
      icon: <Library />,
      label: t("palette.library"),
      run: () => void navigate({ to: "/library", search: {} }),
    },
    {
      key: "settings",
      icon: <Settings />,
      label: t("palette.settings"),
      run: () => void navigate({ to: "/settings/{-$section}" }),
    },
    { key: "theme", icon: <SunMoon />, label: t("palette.theme"), run: turnTheme },
  ];
  const fitting = plain.filter(({ label }) => label.toLowerCase().includes(text.toLowerCase()));
  return [...(text ? said : []), ...fitting].map((command) => ({ ...command, group }));
}

/** To the other of light and dark than is shown. */
function turnTheme(): void {
  const dark =
    theme() === "dark" || (theme() === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  keepTheme(dark ? "light" : "dark");
}
