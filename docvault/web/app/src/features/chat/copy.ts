export { copyText } from "@/shared/lib/copy";
