/** S3's answers in XML. Loaded when the first one comes: most runs see none. */

/** An element's text, its child elements by name, or (a repeated element) a list of them. */
export type XmlNode = string | XmlNode[] | { [name: string]: XmlNode };

/** S3 needs four levels. */
const MAX_DEPTH = 16;

/**
 * Everything as written. The parser's own entities cost two thirds of the time of a listing, and numeric ones
 * (`&#34;`) come only together with all of HTML's.
 */
const OPTIONS = {
  parseTagValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  processEntities: false,
  maxNestedTags: MAX_DEPTH,
};

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** What `parseXml` needs, ahead of time. */
export async function loadXmlParser() {
  return await import("fast-xml-parser");
}

/** Parses a document. Throws for most of what isn't well-formed XML, but not for one whose end is missing. */
export async function parseXml(text: string): Promise<XmlNode> {
  const { XMLParser } = await loadXmlParser();
  return new XMLParser(OPTIONS).parse(text) as XmlNode;
}

/** The child element called `name`; `undefined` when there is none, or several. */
export function child(node: XmlNode | undefined, name: string): XmlNode | undefined {
  const found = children(node, name);
  return found.length === 1 ? found[0] : undefined;
}

/** Every child element called `name`. */
export function children(node: XmlNode | undefined, name: string): XmlNode[] {
  if (typeof node !== "object" || Array.isArray(node) || !Object.hasOwn(node, name)) return [];
  const found = node[name];
  return Array.isArray(found) ? found : found === undefined ? [] : [found];
}

/** The text of the child element called `name`. */
export function childText(node: XmlNode | undefined, name: string): string | undefined {
  const found = child(node, name);
  return typeof found === "string" ? decodeEntities(found) : undefined;
}

function decodeEntities(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi, (written, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? written;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : written;
  });
}
