/** An error and its causes in one line, outermost first: `get action 0a1b: S3 503 SlowDown: socket closed`. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current = error;
  // Bounded, for causes can go in a circle.
  for (let depth = 0; depth < 8 && current !== undefined && current !== null; depth++) {
    const message = current instanceof Error ? current.message : String(current);
    if (message !== "" && !parts.some((part) => part.includes(message))) parts.push(message);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(": ");
}
