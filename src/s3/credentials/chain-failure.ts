/**
 * Describes why AWS's chain of providers failed. The chain's own messages can't be shown: they quote files, commands,
 * answers and variables, and any of these may contain secrets.
 */

type Environment = Readonly<Record<string, string | undefined>>;

/** SDK messages that the user can act on, and what to do. */
const KNOWN: readonly (readonly [message: RegExp, words: string])[] = [
  [
    /\bSSO session\b|\bsso login\b|\bsso-session\b/i,
    "its single sign-on session is missing or expired (see: aws sso login)",
  ],
  [/\bSSO\b/, "its single sign-on failed (see: aws configure sso)"],
  [/\baws login\b|reauthenticate/i, "its login session is missing or expired (see: aws login)"],
  [
    /\bmulti-factor authentication\b/,
    "it needs a multi-factor authentication code, which can't be entered here",
  ],
  [/\btimed? ?out\b/i, "it did not answer in time"],
];

/** The failure as an error without a cause, since the chain's error must not be printed. */
export function chainFailure(error: unknown, env: Environment): Error {
  return new Error(`no AWS credentials from ${providerName(error, env)}: ${reason(error)}`);
}

/** The provider that most likely failed. The chain does not report it. */
function providerName(error: unknown, env: Environment): string {
  if (env.AWS_PROFILE) return `the profile ${env.AWS_PROFILE}`;
  if (isSingleSignOn(error)) return "the profile default";
  if (env.AWS_WEB_IDENTITY_TOKEN_FILE && env.AWS_ROLE_ARN)
    return "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)";
  const container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
  const variable = container.find((name) => env[name]);
  return variable === undefined ? "the chain of providers" : `the role of the container (${variable})`;
}

function isSingleSignOn(error: unknown): boolean {
  return error instanceof Error && /\bSSO\b|\baws (?:sso )?login\b/i.test(error.message);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return "unknown failure";
  if (error instanceof SyntaxError) return "the answer is not valid JSON";
  const { code, $metadata } = error as { code?: unknown; $metadata?: { httpStatusCode?: number } };
  const status =
    $metadata?.httpStatusCode ?? /^Server responded with status: (\d{3})$/.exec(error.message)?.[1];
  if (status !== undefined) return `the server answered ${status}${word(error.name, /Error$/)}`;
  if (code === "ENOENT" || code === "EACCES")
    return `a file with its settings or its token can't be read (${code})`;
  if (typeof code === "string" && /^E[A-Z0-9_]{2,30}$/.test(code)) return `it can't be reached (${code})`;
  return (
    KNOWN.find(([message]) => message.test(error.message))?.[1] ??
    `the AWS SDK reports a failure${word(error.name)}`
  );
}

/** The name of an error, if it is a plain identifier. `but`: names to omit because they say nothing. */
function word(name: string, but?: RegExp): string {
  return /^[A-Z][A-Za-z]{2,60}$/.test(name) && but?.test(name) !== true ? ` ${name}` : "";
}
