import { createContext } from "react";

/** How all turns of a thread are laid out alike: its width in pixels, the tab shown, the shares of the panes by their
 * number, in percent. */
export type ThreadLayout = {
  width: number;
  tab: string;
  setTab: (model: string) => void;
  shares: Record<number, number[]>;
  setShares: (shares: number[]) => void;
};

export const Layout = createContext<ThreadLayout>({
  width: 0,
  tab: "",
  setTab: () => undefined,
  shares: {},
  setShares: () => undefined,
});
