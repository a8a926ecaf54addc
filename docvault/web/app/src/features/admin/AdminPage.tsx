import { getRouteApi, Link } from "@tanstack/react-router";
import { Activity, ShieldCheck, TriangleAlert, Users } from "lucide-react";
import { useUser } from "@/shared/api/session";
import { useTexts } from "@/shared/texts";
import { EmptyState } from "@/shared/ui/EmptyState";
import { Sections } from "@/shared/ui/Sections";
import { Failures } from "./Failures";
import { Health } from "./Health";
import { People } from "./People";

const route = getRouteApi("/inside/admin/{-$section}");

const SECTIONS = [
  { id: "people", icon: Users, Content: People },
  { id: "health", icon: Activity, Content: Health },
  { id: "failures", icon: TriangleAlert, Content: Failures },
] as const;

export function AdminPage() {
  const { t } = useTexts("admin");
  const { section } = route.useParams();
  const { Content } = SECTIONS.find(({ id }) => id === section) ?? SECTIONS[0];
  if (!useUser().is_admin) return <NotYou />;
  const links = SECTIONS.map(({ id, icon }) => ({ id, icon, label: t(`section.${id}`) }));
  return (
    <Sections title={t("title")} to="/admin/{-$section}" sections={links} current={section}>
      <Content />
    </Sections>
  );
}

function NotYou() {
  const { t } = useTexts("admin");
  return (
    <>
      <h1 className="visually-hidden">{t("title")}</h1>
      <EmptyState
        icon={<ShieldCheck />}
        title={t("notYou")}
        actions={
          <Link to="/library" search={{}}>
            {t("toLibrary")}
          </Link>
        }
      >
        {t("notYouText")}
      </EmptyState>
    </>
  );
}
