/** Placed by the shell. */
export function Palette() {
  return null;
}
