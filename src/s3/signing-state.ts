/** What requests are signed with: keys, region, and the server's clock, each put right by refusals that name it. */
import type { Clock } from "../lib/async/clock.ts";
import type { CredentialSource, Credentials } from "./credentials/credentials.ts";
import { isKeyRefusal, type Refusal } from "./refusal.ts";
import type { Region } from "./region.ts";

/** What one attempt was signed with. */
export interface Signing {
  region: string;
  /** `undefined`: not signed. */
  credentials: Credentials | undefined;
}

/** What can be put right within one call, once each: a server that insists has another reason. */
export type Correction = "region" | "clock" | "credentials";

/** Requests are refused from 15 minutes on; a slower answer must not look like a wrong clock. */
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

  /** What to sign with now. Shared by all callers, so nobody's signal stops it. */
  async current(): Promise<Signing> {
    const [region, credentials] = await Promise.all([this.#region.get(), this.#credentials.get()]);
    return { region, credentials };
  }

  /** Milliseconds since 1970 by the server's clock, as far as it is known. */
  nowMs(): number {
    return this.#clock.nowMs() + this.#clockOffsetMs;
  }

  /** Whether something was wrong with `used` that `refusal` names and that is right now, so that trying again makes sense. */
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
    // The answer to a HEAD doesn't say what was wrong: 403 and another time, 400 with a session's keys.
    const isUnexplained = code === "AccessDenied" || code === "BadRequest";
    if (status === 403 && isClockOff && (isUnexplained || code === "RequestTimeTooSkewed")) return "clock";
    if (isKeyRefusal(code)) return "credentials";
    if (status === 400 && isUnexplained && used.credentials?.sessionToken) return "credentials";
    return undefined;
  }
}
