/** Whether a request may go to that URL. `fetch` of Bun also takes `file:`, `data:`, `blob:` and `s3:`. */
export function isHttpUrl({ protocol }: URL): boolean {
  return protocol === "http:" || protocol === "https:";
}

/** The host to connect to, without the brackets that a URL puts around an IPv6 address. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}
