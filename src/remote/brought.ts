/** What a remote has brought to the local disk so far, whether go waited for it or not. */
export class Brought {
  outputs = 0;
  bytes = 0;

  add(sizeBytes: number): void {
    this.outputs++;
    this.bytes += sizeBytes;
  }

  /** What came after `earlier`. */
  since(earlier: Brought): Brought {
    const news = new Brought();
    news.outputs = this.outputs - earlier.outputs;
    news.bytes = this.bytes - earlier.bytes;
    return news;
  }

  /** As it is now. */
  copy(): Brought {
    return this.since(new Brought());
  }
}
