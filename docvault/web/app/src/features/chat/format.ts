/** `$0.0042`: two digits that say something, for most answers cost less than a cent. */
export function dollars(cost: number): string {
  return new Intl.NumberFormat(document.documentElement.lang || "en", {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: 2,
    maximumSignificantDigits: cost > 0 && cost < 1 ? 2 : undefined,
    maximumFractionDigits: cost > 0 && cost < 1 ? undefined : 2,
  }).format(cost);
}
