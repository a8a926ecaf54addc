import type { KeyboardEvent } from "react";

/** Enter that means what it does: not the one that ends a composition (Safari says so by its code alone). */
export function isEnter({ key, keyCode, nativeEvent }: KeyboardEvent): boolean {
  return key === "Enter" && !nativeEvent.isComposing && keyCode !== 229;
}
