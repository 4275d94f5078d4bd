import { isSameAuthority } from "../authority.ts";
import { parseAbsoluteForm, type Resource } from "../resource.ts";
import { type HeaderList, headerValue } from "../semantics/header-list.ts";

/** What a successful request that changes something makes wrong: the resource, and what of the same origin the answer names. */
export function invalidated(resource: Resource, answer: HeaderList): Resource[] {
  const named = ["location", "content-location"].map((name) => resolve(resource, headerValue(answer, name)));
  return [resource, ...named.filter((found) => found !== undefined)];
}

function resolve(base: Resource, reference: string | undefined): Resource | undefined {
  if (reference === undefined) return undefined;
  const { scheme, authority } = base;
  const origin = `${scheme}://${authority.host.includes(":") ? `[${authority.host}]` : authority.host}:${authority.port}`;
  if (!URL.canParse(reference, origin + base.path)) return undefined;
  const found = parseAbsoluteForm(new URL(reference, origin + base.path).href.replace(/#.*$/, ""));
  const isSame = found?.scheme === scheme && isSameAuthority(found.authority, authority);
  return isSame ? found : undefined;
}
