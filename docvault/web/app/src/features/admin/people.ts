/** Who has an account, and what an administrator does about it. */
import { type InfiniteData, infiniteQueryOptions, useMutation } from "@tanstack/react-query";
import { api, body } from "@/shared/api/client";
import { queryClient } from "@/shared/api/query";
import type { components } from "@/shared/api/schema";
import { useTexts } from "@/shared/texts";
import { toast } from "@/shared/ui/toast";
import { keys } from "@/shared/vault/keys";

type Schemas = components["schemas"];
export type Person = Schemas["PersonView"];
export type PersonChange = Schemas["PersonPatch"];
type Page = { items: Person[]; next_cursor?: string | null };
type List = InfiniteData<Page, string | null>;

const PAGE = 100;

export const peopleQuery = infiniteQueryOptions({
  queryKey: keys.people,
  queryFn: ({ pageParam }): Promise<Page> =>
    body(api.GET("/api/admin/people", { params: { query: { cursor: pageParam, limit: PAGE } } })),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next_cursor ?? null,
});

export function useAddPerson() {
  const { t } = useTexts("admin");
  return useMutation({
    mutationFn: (person: Schemas["PersonCreate"]) => body(api.POST("/api/admin/people", { body: person })),
    meta: { quiet: true },
    onSuccess: ({ email }) => toast({ kind: "good", text: t("add.done", { email }) }),
    onSettled: refreshed,
  });
}

export function useSetPassword() {
  const { t } = useTexts("admin");
  return useMutation({
    mutationFn: ({ person, password }: { person: Person; password: string }) =>
      body(
        api.POST("/api/admin/people/{person_id}/password", {
          params: { path: { person_id: person.id } },
          body: { password },
        }),
      ),
    meta: { quiet: true },
    onSuccess: (_nothing, { person }) =>
      toast({ kind: "good", text: t("password.done", { email: person.email }) }),
  });
}

type Wanted = { person: Person; change: PersonChange };

/** Seen at once, taken back with a message when the server refuses. */
export function useChangePerson() {
  const { t } = useTexts("admin");
  const said = ({ person: { email }, change }: Wanted) => {
    if (change.disabled !== undefined)
      return change.disabled ? t("people.disabledDone", { email }) : t("people.enabledDone", { email });
    return change.is_admin ? t("people.adminDone", { email }) : t("people.unadminDone", { email });
  };
  return useMutation({
    mutationFn: ({ person, change }: Wanted) =>
      body(
        api.PATCH("/api/admin/people/{person_id}", {
          params: { path: { person_id: person.id } },
          body: change,
        }),
      ),
    onMutate: async ({ person, change }) => {
      await queryClient.cancelQueries({ queryKey: keys.people });
      const before = queryClient.getQueryData<List>(keys.people);
      const after = changed(person, change, new Date());
      queryClient.setQueryData<List>(keys.people, (list) => list && withPerson(list, after));
      return before;
    },
    onSuccess: (_person, wanted) => toast({ text: said(wanted) }),
    onError: (_error, _wanted, before) => queryClient.setQueryData(keys.people, before),
    onSettled: refreshed,
  });
}

export function changed(person: Person, change: PersonChange, now: Date): Person {
  return {
    ...person,
    ...(change.is_admin === undefined ? {} : { is_admin: change.is_admin }),
    ...(change.disabled === undefined ? {} : { disabled_at: change.disabled ? now.toISOString() : null }),
  };
}

/** Whose address has these words in it. */
export function named(people: readonly Person[], words: string): readonly Person[] {
  const wanted = words.trim().toLowerCase();
  return wanted ? people.filter(({ email }) => email.toLowerCase().includes(wanted)) : people;
}

export function withPerson(list: List, person: Person): List {
  return {
    ...list,
    pages: list.pages.map((page) => ({
      ...page,
      items: page.items.map((one) => (one.id === person.id ? person : one)),
    })),
  };
}

function refreshed(): void {
  void queryClient.invalidateQueries({ queryKey: keys.people });
}
