/** Names of tiles: `tile/8/<level>/<number>[.p/<width>]`, level `data` for the records (golang.org/x/mod/sumdb/tlog). */

/** A part of the database's tree: 256 hashes of one level, or fewer at the growing edge. */
export interface Tile {
  /** In steps of eight levels of the tree; `data`: the records themselves. */
  level: number | "data";
  number: number;
  /** 1 to 256. */
  width: number;
}

/** Full tiles are this wide. */
export const TILE_WIDTH = 256;

const PATH = /^tile\/8\/(data|0|[1-9]\d?)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** `undefined` for anything but the one way to write a tile's name. */
export function parseTileName(path: string): Tile | undefined {
  const [, level = "", digits = "", width] = PATH.exec(path) ?? [];
  const tile: Tile = {
    level: level === "data" ? "data" : Number(level),
    number: Number(digits.replaceAll(/[x/]/g, "")),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  const isValid = Number.isSafeInteger(tile.number) && (width === undefined || tile.width < TILE_WIDTH);
  return isValid && formatTileName(tile) === path ? tile : undefined;
}

export function formatTileName({ level, number, width }: Tile): string {
  const digits = String(number);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g) ?? [];
  const path = groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join("/");
  return `tile/8/${level}/${path}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}
