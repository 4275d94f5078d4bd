/** The size of a file on the disk: small files take a whole block. Some file systems know no blocks. */
export function diskBytes({ blocks, size }: { blocks: number; size: number }): number {
  return blocks > 0 ? blocks * 512 : size;
}
