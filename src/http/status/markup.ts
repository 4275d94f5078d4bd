/** HTML that is not escaped again. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type MarkupValue = Markup | string | number | undefined | readonly Markup[];

/** A template for HTML. Values are escaped unless they are `Markup`. */
export function html(strings: TemplateStringsArray, ...values: MarkupValue[]): Markup {
  const parts = strings.map((text, index) => text + format(values[index]));
  return new Markup(parts.join(""));
}

function format(value: MarkupValue): string {
  if (value === undefined) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(({ text }) => text).join("");
  return escapeText(String(value));
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}
