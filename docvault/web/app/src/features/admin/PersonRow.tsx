import { Ban, CircleCheck, Ellipsis, KeyRound, ShieldMinus, ShieldPlus } from "lucide-react";
import { bytes, exactly, moment } from "@/shared/lib/format";
import { useTexts } from "@/shared/texts";
import { IconButton } from "@/shared/ui/IconButton";
import { Menu, MenuItem, MenuSeparator } from "@/shared/ui/Menu";
import { Badge, Row } from "@/shared/ui/Panel";
import styles from "./Admin.module.css";
import type { Person, PersonChange } from "./people";

type Props = {
  person: Person;
  /** Oneself: who disabled themselves could not undo it. */
  self: boolean;
  onChange: (change: PersonChange) => void;
  onPassword: () => void;
};

export function PersonRow({ person, self, onChange, onPassword }: Props) {
  const { t } = useTexts("admin");
  const { t: common } = useTexts();
  const seen = person.last_seen_at;
  return (
    <Row
      title={
        <>
          <span className={person.disabled_at ? styles.off : undefined}>{person.email}</span>
          {self && <Badge>{t("people.you")}</Badge>}
          {person.is_admin && <Badge kind="accent">{t("people.admin")}</Badge>}
          {person.disabled_at && <Badge kind="warn">{t("people.disabled")}</Badge>}
        </>
      }
      detail={
        <>
          <span title={seen ? exactly(seen) : undefined}>
            {seen ? t("people.seen", { when: moment(seen) }) : t("people.never")}
          </span>
          <span className={styles.inDetail}>
            {" · "}
            {common("documents", { count: person.documents })} · {bytes(person.size_bytes)}
          </span>
        </>
      }
    >
      <span className={styles.count}>{common("documents", { count: person.documents })}</span>
      <span className={styles.size}>{bytes(person.size_bytes)}</span>
      {self ? (
        <span className={styles.noMenu} />
      ) : (
        <PersonMenu person={person} onChange={onChange} onPassword={onPassword} />
      )}
    </Row>
  );
}

function PersonMenu({ person, onChange, onPassword }: Omit<Props, "self">) {
  const { t } = useTexts("admin");
  return (
    <Menu
      trigger={
        <IconButton label={t("people.menu", { email: person.email })}>
          <Ellipsis />
        </IconButton>
      }
    >
      <MenuItem icon={<KeyRound />} onSelect={onPassword}>
        {t("people.setPassword")}
      </MenuItem>
      <MenuItem
        icon={person.is_admin ? <ShieldMinus /> : <ShieldPlus />}
        onSelect={() => onChange({ is_admin: !person.is_admin })}
      >
        {person.is_admin ? t("people.unmakeAdmin") : t("people.makeAdmin")}
      </MenuItem>
      <MenuSeparator />
      {person.disabled_at ? (
        <MenuItem icon={<CircleCheck />} onSelect={() => onChange({ disabled: false })}>
          {t("people.enable")}
        </MenuItem>
      ) : (
        <MenuItem icon={<Ban />} danger onSelect={() => onChange({ disabled: true })}>
          {t("people.disable")}
        </MenuItem>
      )}
    </Menu>
  );
}
