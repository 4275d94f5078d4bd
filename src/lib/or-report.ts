/** Runs an action. What it throws goes to `onProblem` first. */
export function orReport<T>(onProblem: (error: unknown) => void, action: () => T): T {
  try {
    return action();
  } catch (error) {
    onProblem(error);
    throw error;
  }
}
