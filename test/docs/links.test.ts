/** Every link of the documents leads somewhere, every page is in the index, and none is too long to read. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { repository } from "../../package.json" with { type: "json" };
import { PROJECT_DIR } from "../support/binary.ts";
import { DOCUMENTS, PAGES, projectFile } from "./documents.ts";

const MAX_PAGE_LINES = 300;
const MAX_README = { lines: 250, bytes: 12 * 1024 };

/** The text without code blocks. */
function prose(path: string): string {
  return projectFile(path).replaceAll(/^```.*?^```$/gms, "");
}

/** The anchors of a document, as GitHub makes them from headings. */
function anchors(path: string): string[] {
  return [...prose(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Links to files, and pictures. */
function localLinks(path: string): string[] {
  const text = prose(path);
  const links = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)];
  return links.map(([, link, source]) => link ?? source ?? "").filter((link) => !/^[a-z]+:/.test(link));
}

function leadsNowhere(from: string, link: string): boolean {
  const [file = "", anchor] = link.split("#");
  const path = file === "" ? from : normalize(join(dirname(from), file));
  if (!existsSync(join(PROJECT_DIR, path))) return true;
  return anchor !== undefined && path.endsWith(".md") && !anchors(path).includes(anchor);
}

/** The text of everything that may name a page. */
function sources(): [path: string, text: string][] {
  const files = (dir: string) => readdirSync(join(PROJECT_DIR, dir), { recursive: true, encoding: "utf8" });
  const paths = ["src", "test", ".github"].flatMap((dir) => files(dir).map((name) => join(dir, name)));
  return [...paths.filter((path) => /\.(?:ts|mjs|yml|md)$/.test(path)), "biome.json", "release.ts"].map(
    (path) => [path, projectFile(path)],
  );
}

test("every link leads to a file and a heading that exist", () => {
  const broken = DOCUMENTS.flatMap((path) =>
    localLinks(path)
      .filter((link) => leadsNowhere(path, link))
      .map((link) => `${path}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test("every page that the program, its tests and its templates name exists", () => {
  const missing = sources().flatMap(([path, text]) =>
    [...text.matchAll(/\bdocs\/[\w-]+\.md\b/g)]
      .filter(([page]) => !PAGES.includes(page))
      .map(([page]) => `${path}: ${page}`),
  );
  expect(missing).toEqual([]);
});

test("the index names every page", () => {
  const named = localLinks("docs/README.md").map((link) => `docs/${link.split("#")[0]}`);
  expect(PAGES.filter((page) => page !== "docs/README.md" && !named.includes(page))).toEqual([]);
});

test("each page begins with its purpose and an example", () => {
  const without = PAGES.filter((page) => {
    const [start = ""] = projectFile(page).split("\n## ");
    return !/^# .+\n\n\S/.test(start) || !/^```|Example/m.test(start);
  });
  expect(without).toEqual(["docs/README.md"]);
});

test("README.md is read in minutes, and no page is long", () => {
  const text = projectFile("README.md");
  expect(text.split("\n").length - 1).toBeLessThanOrEqual(MAX_README.lines);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_README.bytes);
  const long = PAGES.filter((page) => projectFile(page).split("\n").length - 1 > MAX_PAGE_LINES);
  expect(long).toEqual([]);
});

test("every document names the repository of package.json", () => {
  const own = repository.replace("github:", "");
  const templates = sources().filter(([path]) => path.startsWith(".github/ISSUE_TEMPLATE/"));
  const texts = [...DOCUMENTS.map((path) => [path, projectFile(path)] as const), ...templates];
  const others = texts.flatMap(([path, text]) => {
    const places =
      /github\.com\/([\w-]+\/go-cache-plugin)\/(?:releases|security)|([\w-]+\/go-cache-plugin)\/\.github|--repo (\S+)/g;
    return [...text.matchAll(places)]
      .map((match) => match.slice(1).find((name) => name !== undefined))
      .filter((name) => name !== own)
      .map((name) => `${path}: ${name}`);
  });
  expect(others).toEqual([]);
});
