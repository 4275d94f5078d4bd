/**
 * The region that requests are signed for, and on AWS sent to. No request is spent on finding it: the first requests
 * use the configured region (or `us-east-1`), and a server in another region names it in its refusal.
 */
import { profileRegion } from "./credentials/shared-files.ts";

/** Saves the bucket's region for later processes. Neither function may throw. */
export interface RegionMemory {
  load(): string | undefined;
  save(region: string): void;
}

/** Sources of the region, in this order: memory, `region`, environment, profile. */
export interface RegionOptions {
  region: string | undefined;
  env: Record<string, string | undefined>;
  memory: RegionMemory | undefined;
}

const DEFAULT_REGION = "us-east-1";

export class Region {
  readonly #options: RegionOptions;
  #current: Promise<string> | undefined;

  constructor(options: RegionOptions) {
    this.#options = options;
  }

  /** The current region. */
  get(): Promise<string> {
    this.#current ??= this.#configured();
    return this.#current;
  }

  /** Switches to `region`, which the server named. */
  learn(region: string): void {
    this.#current = Promise.resolve(region);
    this.#options.memory?.save(region);
  }

  async #configured(): Promise<string> {
    const { region, env, memory } = this.#options;
    // The server's answer takes precedence over the configuration that it contradicted.
    const remembered = memory?.load();
    if (remembered !== undefined && isRegionName(remembered)) return remembered;
    return (await configuredRegion(region, env)).name;
  }
}

/** The configured region and its source; `from` is text for the user. */
export async function configuredRegion(
  region: string | undefined,
  env: Record<string, string | undefined>,
): Promise<{ name: string; from: string }> {
  if (region) return { name: region, from: "--region" };
  if (env.AWS_REGION) return { name: env.AWS_REGION, from: "AWS_REGION" };
  if (env.AWS_DEFAULT_REGION) return { name: env.AWS_DEFAULT_REGION, from: "AWS_DEFAULT_REGION" };
  const ofProfile = await profileRegion(env);
  if (ofProfile) return { name: ofProfile, from: `profile ${env.AWS_PROFILE || "default"}` };
  return { name: DEFAULT_REGION, from: "the default" };
}

/** Whether `text` is safe in a host name: a region from a server must not lead to another site. */
export function isRegionName(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/i.test(text);
}
