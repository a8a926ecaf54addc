/** What `Menu` needs of Radix, fetched when a menu is about to be opened: most of a first load goes without. */
export { DropdownMenu as parts } from "radix-ui";
