import { createContext } from "react";

/** How all turns of a thread are laid out alike: its width in pixels, the tab shown, the shares of the panes by their
 * number, in percent. */
export type ThreadLayout = {
  width: number;
  tab: string;
  setTab: (model: string) => void;
  shares: Shares;
  setShares: (shares: number[]) => void;
};

export type Shares = Record<number, number[]>;

export const Layout = createContext<ThreadLayout>({
  width: 0,
  tab: "",
  setTab: () => undefined,
  shares: {},
  setShares: () => undefined,
});

const KEPT = "docvault.chat.panes";

/** As somebody last drew the panes here, whatever the conversation. */
export function keptShares(): Shares {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    const shares = Object.entries(kept ?? {}).filter(([panes, given]) => areShares(given, Number(panes)));
    return Object.fromEntries(shares);
  } catch {
    return {};
  }
}

export function keepShares(shares: Shares): void {
  localStorage.setItem(KEPT, JSON.stringify(shares));
}

function areShares(given: unknown, panes: number): boolean {
  if (!Array.isArray(given) || given.length !== panes) return false;
  const sum = given.reduce((all, share) => all + Number(share), 0);
  return given.every((share) => typeof share === "number" && share > 0) && Math.abs(sum - 100) < 1;
}
