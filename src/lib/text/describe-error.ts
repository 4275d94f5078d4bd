import { hideSecrets } from "./hide-secrets.ts";

/**
 * An error and its causes in one line, outermost first: `get action 0a1b: S3 503 SlowDown: socket closed`. Secrets in
 * it are hidden.
 */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current = error;
  // Bounded, for causes can go in a circle.
  for (let depth = 0; depth < 8 && current !== undefined && current !== null; depth++) {
    const message = withoutContent(
      withoutAdvice(current instanceof Error ? current.message : String(current)),
    );
    if (message !== "" && !parts.some((part) => part.includes(message))) parts.push(message);
    current = current instanceof Error ? current.cause : undefined;
  }
  return hideSecrets(parts.join(": "));
}

/** Advice for programmers that Bun's fetch appends to its errors. */
const ADVICE = [
  / For more information, pass `verbose: true` in the second argument to fetch\(\)/g,
  / Is the computer able to access the url\?/g,
];

/** JSON's parser quotes a word of what it read, and that may be a secret. */
export function withoutContent(message: string): string {
  return message.replaceAll(/JSON Parse error: .*/g, "invalid JSON");
}

function withoutAdvice(message: string): string {
  return ADVICE.reduce((text, advice) => text.replaceAll(advice, ""), message);
}
