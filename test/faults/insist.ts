/** Retries an operation that fails while another process writes. */
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
