const MAX_BYTES = 255;
/** Windows reads the first as devices, whatever their extension, and drops the dots and blanks at an end. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)/i;
const FORBIDDEN = /[\p{Cc}<>:"/\\|?*]|[. ]$/u;

/** Whether a text names one file in a directory, on every system: never the directory, another one, or a device. */
export function isPlainFileName(name: string): boolean {
  return (
    name !== "" &&
    Buffer.byteLength(name) <= MAX_BYTES &&
    name.isWellFormed() &&
    !FORBIDDEN.test(name) &&
    !DEVICE.test(name)
  );
}
