/**
 * Which region requests are signed for, and on AWS sent to. Nothing is asked at start: the configured region
 * (or `us-east-1`) is tried, and a server that knows better says so in its refusal.
 */
import { profileRegion } from "./credentials/shared-files.ts";

/** Keeps what a server said of this bucket beyond this process. Neither function may throw. */
export interface RegionMemory {
  load(): string | undefined;
  save(region: string): void;
}

/** Where a region may come from, the first that has one: memory, `region`, environment, profile. */
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

  /** The region to use now. */
  get(): Promise<string> {
    this.#current ??= this.#configured();
    return this.#current;
  }

  /** From now on `region`, since the server said so. */
  learn(region: string): void {
    this.#current = Promise.resolve(region);
    this.#options.memory?.save(region);
  }

  async #configured(): Promise<string> {
    const { region, env, memory } = this.#options;
    // What the server said once is newer than any configuration that it contradicted.
    const remembered = memory?.load();
    if (remembered !== undefined && isRegionName(remembered)) return remembered;
    return (await configuredRegion(region, env)).name;
  }
}

/** The region that was decided for by somebody, and where; `from` is for people. */
export async function configuredRegion(
  region: string | undefined,
  env: Record<string, string | undefined>,
): Promise<{ name: string; from: string }> {
  if (region) return { name: region, from: "--region" };
  if (env.AWS_REGION) return { name: env.AWS_REGION, from: "AWS_REGION" };
  if (env.AWS_DEFAULT_REGION) return { name: env.AWS_DEFAULT_REGION, from: "AWS_DEFAULT_REGION" };
  const ofProfile = await profileRegion(env);
  if (ofProfile) return { name: ofProfile, from: `profile ${env.AWS_PROFILE || "default"}` };
  return { name: DEFAULT_REGION, from: "nothing names one" };
}

/** Whether `text` may become part of a host name: a server's word must not lead to another site. */
export function isRegionName(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/i.test(text);
}
