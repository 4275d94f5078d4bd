/** The keys, region and clock for signatures. A refusal that names one of them corrects it. */
import type { Clock } from "../lib/async/clock.ts";
import type { CredentialSource, Credentials } from "./credentials/credentials.ts";
import { isKeyRefusal, type Refusal } from "./refusal.ts";
import type { Region } from "./region.ts";

/** Keys and region of one attempt. */
export interface Signing {
  region: string;
  /** `undefined`: not signed. */
  credentials: Credentials | undefined;
}

/** Each is corrected at most once per call: a server that refuses again has another reason. */
export type Correction = "region" | "clock" | "credentials";

/** Servers refuse requests that are 15 minutes off. A slow answer must not look like a wrong clock. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

export class SigningState {
  readonly #clock: Clock;
  readonly #credentials: CredentialSource;
  readonly #region: Region;
  #clockOffsetMs = 0;

  constructor(parts: { clock: Clock; credentials: CredentialSource; region: Region }) {
    this.#clock = parts.clock;
    this.#credentials = parts.credentials;
    this.#region = parts.region;
  }

  /** The current keys and region. Callers share the lookup, so no caller's signal aborts it. */
  async current(): Promise<Signing> {
    const [region, credentials] = await Promise.all([this.#region.get(), this.#credentials.get()]);
    return { region, credentials };
  }

  /** Milliseconds since 1970 by the server's clock, or by the local clock until the server's is known. */
  nowMs(): number {
    return this.#clock.nowMs() + this.#clockOffsetMs;
  }

  /** Corrects the part of `used` that `refusal` blames. Returns whether to retry. */
  async correct(refusal: Refusal, used: Signing, done: Set<Correction>): Promise<boolean> {
    const correction = this.#wrong(refusal, used);
    if (correction === undefined || done.has(correction)) return false;
    done.add(correction);
    if (correction === "region") this.#region.learn(refusal.region ?? used.region);
    else if (correction === "clock") this.#clockOffsetMs = (refusal.dateMs ?? 0) - this.#clock.nowMs();
    else if (used.credentials !== undefined) return await this.#credentials.replace(used.credentials);
    return true;
  }

  #wrong(refusal: Refusal, used: Signing): Correction | undefined {
    const { status, code, region, dateMs } = refusal;
    if ([301, 307, 400].includes(status) && region !== undefined && region !== used.region) return "region";
    const isClockOff = dateMs !== undefined && Math.abs(dateMs - this.nowMs()) > CLOCK_TOLERANCE_MS;
    // Answers to HEAD have no explanation: 403 means a wrong clock if the times differ, 400 expired session keys.
    const isUnexplained = code === "AccessDenied" || code === "BadRequest";
    if (status === 403 && isClockOff && (isUnexplained || code === "RequestTimeTooSkewed")) return "clock";
    if (isKeyRefusal(code)) return "credentials";
    if (status === 400 && isUnexplained && used.credentials?.sessionToken) return "credentials";
    return undefined;
  }
}
