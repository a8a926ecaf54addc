/** The places of the main menu. */
import { Library, type LucideIcon, MessageSquare, Search } from "lucide-react";

export const PLACES = [
  { to: "/library", text: "nav.library", icon: Library },
  { to: "/search", text: "nav.search", icon: Search },
  { to: "/chat", text: "nav.chat", icon: MessageSquare },
] as const satisfies readonly { to: string; text: string; icon: LucideIcon }[];
