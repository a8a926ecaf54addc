import { getRouteApi } from "@tanstack/react-router";
import { CircleUser, HardDrive, Info, KeyRound, Palette, Sparkles, Webhook } from "lucide-react";
import { useTexts } from "@/shared/texts";
import { Sections } from "@/shared/ui/Sections";
import { About } from "./About";
import { Account } from "./Account";
import { ApiKeys } from "./ApiKeys";
import { Appearance } from "./Appearance";
import { Models } from "./Models";
import { Storage } from "./Storage";
import { Webhooks } from "./Webhooks";

const route = getRouteApi("/inside/settings/{-$section}");

const SECTIONS = [
  { id: "appearance", icon: Palette, Content: Appearance },
  { id: "models", icon: Sparkles, Content: Models },
  { id: "account", icon: CircleUser, Content: Account },
  { id: "keys", icon: KeyRound, Content: ApiKeys },
  { id: "webhooks", icon: Webhook, Content: Webhooks },
  { id: "storage", icon: HardDrive, Content: Storage },
  { id: "about", icon: Info, Content: About },
] as const;

export function SettingsPage() {
  const { t } = useTexts("settings");
  const { section } = route.useParams();
  const { Content } = SECTIONS.find(({ id }) => id === section) ?? SECTIONS[0];
  const links = SECTIONS.map(({ id, icon }) => ({ id, icon, label: t(`section.${id}`) }));
  return (
    <Sections title={t("title")} to="/settings/{-$section}" sections={links} current={section}>
      <Content />
    </Sections>
  );
}
