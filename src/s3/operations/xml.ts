/** Parses S3's XML answers. The parser is loaded for the first one: most runs receive none. */

/** An element's text, its child elements by name, or a list for a repeated element. */
export type XmlNode = string | XmlNode[] | { [name: string]: XmlNode };

/** S3's answers have four levels. */
const MAX_DEPTH = 16;

/**
 * Keeps text unchanged. The parser's entity decoding takes two thirds of the time of a listing, and it decodes numeric
 * entities (`&#34;`) only together with all of HTML's.
 */
const OPTIONS = {
  parseTagValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  processEntities: false,
  maxNestedTags: MAX_DEPTH,
};

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Loads the parser ahead of `parseXml`. */
export async function loadXmlParser() {
  return await import("fast-xml-parser");
}

/** Parses a document. Throws for most malformed XML, but not if the end of the document is missing. */
export async function parseXml(text: string): Promise<XmlNode> {
  const { XMLParser } = await loadXmlParser();
  return new XMLParser(OPTIONS).parse(text) as XmlNode;
}

/** The child element called `name`; `undefined` if there is none or more than one. */
export function child(node: XmlNode | undefined, name: string): XmlNode | undefined {
  const found = children(node, name);
  return found.length === 1 ? found[0] : undefined;
}

/** All child elements called `name`. */
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
