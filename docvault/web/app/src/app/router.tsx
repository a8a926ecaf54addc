/** Every place of the page. What a place needs beyond the shell is fetched when it is opened. */
import {
  type AsyncRouteComponent,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { fetchFirstPage } from "@/features/library/list";
import { isInside } from "@/shared/api/session";
import { asPart } from "@/shared/lib/parts";
import { chatPlace, libraryPlace, readerPlace, searchPlace } from "@/shared/vault/place";
import { Missing, RouteError } from "./shell/Missing";
import { Shell } from "./shell/Shell";

type PageOf<T> = AsyncRouteComponent<T extends (props: infer Props) => unknown ? Props : never>;

function page<M extends Record<string, unknown>, N extends keyof M>(fetching: () => Promise<M>, name: N) {
  return lazyRouteComponent(() => fetching().catch(asPart), name) as PageOf<M[N]>;
}

const root = createRootRoute({ notFoundComponent: Missing, errorComponent: RouteError });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (given: Record<string, unknown>): { next?: string } => ({ next: ownPath(given.next) }),
  component: page(() => import("@/features/session/SignInPage"), "SignInPage"),
});

const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  component: page(() => import("@/features/session/RegisterPage"), "RegisterPage"),
});

const welcome = createRoute({
  getParentRoute: () => root,
  path: "/welcome",
  component: page(() => import("@/features/session/WelcomePage"), "WelcomePage"),
});

/** Everything for people who are signed in. Offline, what was seen before is shown. */
const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  component: Shell,
  beforeLoad: async ({ location, matches }) => {
    // What shows the place is fetched while the server is asked who is there.
    for (const { routeId } of matches) void preload(routeId);
    if (!(await isInside())) throw redirect({ to: "/sign-in", search: { next: location.href } });
  },
});

const home = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/library", search: {} });
  },
});

const library = createRoute({
  getParentRoute: () => inside,
  path: "/library",
  validateSearch: libraryPlace,
  loaderDeps: ({ search }) => search,
  loader: ({ deps }) => fetchFirstPage(deps), // beside what shows it
  component: page(() => import("@/features/library/LibraryPage"), "LibraryPage"),
});

const reader = createRoute({
  getParentRoute: () => inside,
  path: "/documents/$documentId",
  validateSearch: readerPlace,
  component: page(() => import("@/features/reader/ReaderPage"), "ReaderPage"),
});

const search = createRoute({
  getParentRoute: () => inside,
  path: "/search",
  validateSearch: searchPlace,
  component: page(() => import("@/features/search/SearchPage"), "SearchPage"),
});

const chat = createRoute({
  getParentRoute: () => inside,
  path: "/chat",
  validateSearch: chatPlace,
  component: page(() => import("@/features/chat/ChatPage"), "ChatPage"),
});

const conversation = createRoute({
  getParentRoute: () => inside,
  path: "/chat/$conversationId",
  validateSearch: chatPlace,
  component: page(() => import("@/features/chat/ChatPage"), "ChatPage"),
});

const settings = createRoute({
  getParentRoute: () => inside,
  path: "/settings/{-$section}",
  component: page(() => import("@/features/settings/SettingsPage"), "SettingsPage"),
});

const admin = createRoute({
  getParentRoute: () => inside,
  path: "/admin/{-$section}",
  component: page(() => import("@/features/admin/AdminPage"), "AdminPage"),
});

const routeTree = root.addChildren([
  signIn,
  register,
  welcome,
  inside.addChildren([home, library, reader, search, chat, conversation, settings, admin]),
]);

export const router = createRouter({ routeTree, defaultPreload: "intent", scrollRestoration: true });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

function preload(routeId: string): Promise<unknown> | undefined {
  const { component } = router.routesById[routeId as keyof typeof router.routesById].options;
  return (component as AsyncRouteComponent<unknown> | undefined)?.preload?.();
}

/** A path of this page, so that nobody can be sent elsewhere after signing in. */
function ownPath(given: unknown): string | undefined {
  return typeof given === "string" && /^\/(?![/\\])/.test(given) ? given : undefined;
}
