import { useInfiniteQuery } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { useUser } from "@/shared/api/session";
import { useTexts } from "@/shared/texts";
import { Button } from "@/shared/ui/Button";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";
import { EndOfList } from "@/shared/ui/EndOfList";
import { Panel, Rows } from "@/shared/ui/Panel";
import { ProblemNote } from "@/shared/ui/ProblemNote";
import { TextField } from "@/shared/ui/TextField";
import { Waiting } from "@/shared/ui/Waiting";
import { AddPerson } from "./AddPerson";
import styles from "./Admin.module.css";
import { PersonRow } from "./PersonRow";
import { named, type Person, peopleQuery, useChangePerson } from "./people";
import { SetPassword } from "./SetPassword";

const MANY = 10; // from here on, looking is slower than typing

type Asked = { what: "add" } | { what: "password" | "disable"; person: Person };

export function People() {
  const { t } = useTexts("admin");
  const me = useUser().id;
  const list = useInfiniteQuery(peopleQuery);
  const { mutate: change } = useChangePerson();
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = () => setAsked(null);
  const people = list.data?.pages.flatMap((page) => page.items) ?? [];
  const [words, setWords] = useState("");
  const shown = named(people, words);
  const alone = list.isSuccess && people.length <= 1;
  const all = list.isSuccess && !list.hasNextPage;
  return (
    <Panel
      text={t("people.text")}
      actions={
        <Button kind="primary" icon={<UserPlus />} onClick={() => setAsked({ what: "add" })}>
          {t("people.add")}
        </Button>
      }
    >
      {list.isPending && <Waiting />}
      {list.error && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {(people.length > MANY || words) && (
        <TextField
          label={t("people.filter")}
          type="search"
          autoComplete="off"
          spellCheck={false}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      )}
      {all && people.length > 0 && shown.length === 0 && (
        <p className={styles.note} role="status">
          {t("people.nobody")}
        </p>
      )}
      {shown.length > 0 && (
        <Rows label={t("people.label")}>
          {shown.map((person) => (
            <PersonRow
              key={person.id}
              person={person}
              self={person.id === me}
              onChange={(wanted) =>
                wanted.disabled ? setAsked({ what: "disable", person }) : change({ person, change: wanted })
              }
              onPassword={() => setAsked({ what: "password", person })}
            />
          ))}
        </Rows>
      )}
      {alone && (
        <p className={styles.note}>
          {t("people.alone")}. {t("people.aloneText")}
        </p>
      )}
      {/* What is filtered is short, so that its end is in sight: the pages come until somebody fits, or all are there. */}
      <EndOfList more={list.hasNextPage} busy={list.isFetchingNextPage} onReach={list.fetchNextPage} />
      {asked?.what === "add" && <AddPerson onClose={close} />}
      {asked?.what === "password" && <SetPassword person={asked.person} onClose={close} />}
      {asked?.what === "disable" && (
        <ConfirmDialog
          title={t("people.disableTitle", { email: asked.person.email })}
          text={t("people.disableText")}
          confirm={t("people.disable")}
          onConfirm={() => change({ person: asked.person, change: { disabled: true } })}
          onClose={close}
        />
      )}
    </Panel>
  );
}
