/** How much may be fetched that nobody has asked for. */
export interface PrefetchRoom {
  /** Whether outputs of so many bytes may be fetched, beside those that were. */
  hasRoomFor(bytes: number): boolean;
  /** Notes that outputs of so many bytes were fetched, asked for or not. */
  add(bytes: number): void;
  /** Remembers that for the next process. */
  save(): void;
}
