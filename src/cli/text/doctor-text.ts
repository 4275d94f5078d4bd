/** The output of `doctor`. */
import { styleText } from "node:util";
import { type CheckedFinding, SEVERITIES, type Severity } from "../../app/doctor/check.ts";
import { printable } from "../../lib/text/printable.ts";

/** Two more than the longest name of a severity and of a check. */
const SEVERITY_COLUMNS = 9;
const CHECK_COLUMNS = 20;

const STYLES: Readonly<Record<Severity, Parameters<typeof styleText>[0]>> = {
  ok: "green",
  note: "cyan",
  warning: "yellow",
  error: ["bold", "red"],
};

/** 2 is the exit code of usage errors. */
const EXIT_CODES: Readonly<Record<Severity, number>> = { ok: 0, note: 0, warning: 3, error: 1 };

/** A line, and a second one for the remedy. */
export function findingText(
  { check, severity, message, remedy }: CheckedFinding,
  isColoured: boolean,
): string {
  const name = severity.padEnd(SEVERITY_COLUMNS);
  const shown = isColoured ? styleText(STYLES[severity], name, { validateStream: false }) : name;
  const line = `${shown}${check.padEnd(CHECK_COLUMNS)}${printable(message)}\n`;
  if (remedy === undefined) return line;
  return `${line}${" ".repeat(SEVERITY_COLUMNS + CHECK_COLUMNS)}-> ${printable(remedy)}\n`;
}

/** The last line: the number of findings of each severity. */
export function summaryText(findings: readonly CheckedFinding[]): string {
  const counts = (["error", "warning", "note"] as const).map((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  const text = counts.flat().join(", ");
  return `${text === "" ? "no problems found" : text}\n`;
}

/** The worst of them. */
export function worstSeverity(findings: readonly CheckedFinding[]): Severity {
  return SEVERITIES.findLast((severity) => findings.some((finding) => finding.severity === severity)) ?? "ok";
}

export function exitCodeOf(severity: Severity): number {
  return EXIT_CODES[severity];
}
