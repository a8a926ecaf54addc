/** Placed by the shell. */
export function Uploads() {
  return null;
}
