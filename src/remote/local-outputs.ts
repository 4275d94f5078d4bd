/** What a remote needs of the local disk: a look at the outputs that are there, and a way to add one. */
export interface LocalOutputs {
  /** Where an output is; its content may be anything. */
  findOutput(outputId: string): { path: string; sizeBytes: number } | undefined;
  createOutput(outputId: string): NewOutput;
}

/** The same, with the records of actions: for a remote that brings more than it was asked for. */
export interface LocalBuilds extends LocalOutputs {
  /** Records that an action made an output which is in place. Throws when the disk takes nothing. */
  putRecord(actionId: string, record: { outputId: string; sizeBytes: number }, putTimeMs: number): void;
}

/** An output being written: any number of `write`, then one `commit` or `discard`. Throws when the disk fails. */
interface NewOutput {
  write(bytes: Uint8Array): void;
  commit(): unknown;
  discard(): void;
}
