/** Dates in header fields (RFC 9110 §5.6.7), in exactly the three forms that a recipient must accept. */

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAY = "(?:mon|tue|wed|thu|fri|sat|sun)";
const TIME = "(\\d\\d):(\\d\\d):(\\d\\d)";

const FIXDATE = new RegExp(`^${DAY}, (\\d\\d) (\\w{3}) (\\d{4}) ${TIME} gmt$`);
const RFC850 = new RegExp(`^${DAY}\\w*, (\\d\\d)-(\\w{3})-(\\d\\d) ${TIME} gmt$`);
const ASCTIME = new RegExp(`^${DAY} (\\w{3}) ([ \\d]\\d) ${TIME} (\\d{4})$`);

/** Milliseconds since 1970; `undefined` for anything but one date. */
export function parseHttpDate(text: string | undefined): number | undefined {
  const lower = text?.trim().toLowerCase() ?? "";
  const fixdate = FIXDATE.exec(lower);
  if (fixdate !== null) {
    const [, day, month, year, ...time] = fixdate;
    return toMs(year, month, day, time);
  }
  const rfc850 = RFC850.exec(lower);
  if (rfc850 !== null) {
    const [, day, month, year, ...time] = rfc850;
    return toMs(String(fullYear(Number(year))), month, day, time);
  }
  const [, month, day, hours, minutes, seconds, year] = ASCTIME.exec(lower) ?? [];
  return year === undefined ? undefined : toMs(year, month, day, [hours, minutes, seconds]);
}

/** A year that would be more than 50 years ahead belongs to the last century. */
function fullYear(twoDigits: number): number {
  const now = new Date().getUTCFullYear();
  const year = now - (now % 100) + twoDigits;
  return year > now + 50 ? year - 100 : year;
}

function toMs(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  time: (string | undefined)[],
): number | undefined {
  const monthIndex = MONTHS.indexOf(month ?? "");
  const [hours, minutes, seconds] = time.map(Number);
  if (monthIndex === -1) return undefined;
  return Date.UTC(Number(year), monthIndex, Number(day), hours, minutes, seconds);
}
