/** A clock that only moves when a test moves it. */
export class FakeNow {
  ms = Date.UTC(2026, 0, 1);
  readonly now = () => this.ms;

  advance(ms: number): void {
    this.ms += ms;
  }
}
