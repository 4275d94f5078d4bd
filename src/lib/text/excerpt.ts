const MAX_CHARS = 60;

/** The beginning of something unexpected, in quotes, safe to print. */
export function excerpt(text: string): string {
  return JSON.stringify(text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}…` : text);
}
