/** A clock that stands still until it is moved. */
export class FakeNow {
  ms = Date.UTC(2026, 0, 1);
  readonly now = () => this.ms;

  advance(ms: number): void {
    this.ms += ms;
  }
}
