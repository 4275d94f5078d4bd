/** Does what fails while somebody writes. */
export async function insist(action: () => void): Promise<void> {
  for (;;) {
    try {
      action();
      return;
    } catch {
      await Bun.sleep(1);
    }
  }
}
