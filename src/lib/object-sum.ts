/** How many objects or outputs, and how large they are together. */
export class ObjectSum {
  count = 0;
  sizeBytes = 0;

  add(sizeBytes: number): void {
    this.count++;
    this.sizeBytes += sizeBytes;
  }
}
