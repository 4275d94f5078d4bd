/** The first bytes of ELF, of Mach-O (32 and 64 bits, either byte order, universal), and of PE. */
const MAGICS = ["7f454c46", "feedface", "feedfacf", "cefaedfe", "cffaedfe", "cafebabe", "4d5a"];

/** How many bytes of a file `isProgram` looks at. */
export const MAGIC_BYTES = 4;

/** Whether a file that begins with these bytes is, by its format, something that the system may execute. */
export function isProgram(head: Uint8Array): boolean {
  const hex = Buffer.from(head.subarray(0, MAGIC_BYTES)).toString("hex");
  return MAGICS.some((magic) => hex.startsWith(magic));
}
