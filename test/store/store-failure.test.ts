import { expect, test } from "bun:test";
import { S3Error } from "../../src/s3/s3-error.ts";
import { isDenial, isHopeless } from "../../src/store/store-failure.ts";

test.each<[status: number | undefined, code: string | undefined, isExplained: boolean, boolean, boolean]>([
  [403, "AccessDenied", true, true, true],
  // A HEAD, or a proxy in between: the server may not have sent the code.
  [403, "AccessDenied", false, false, true],
  [403, "InvalidAccessKeyId", true, false, true],
  [403, "SignatureDoesNotMatch", true, false, true],
  [403, "QuotaExceeded", true, false, true],
  [401, undefined, false, false, true],
  [undefined, "NoCredentials", false, false, true],
  [400, "ExpiredToken", true, false, true],
  [503, "SlowDown", true, false, false],
])(
  "%p %p, sent by the server: %p; denied: %p; hopeless: %p",
  (status, code, isExplained, isDenied, hasNoHope) => {
    const failure = new S3Error({ operation: "put", bucket: "b" }, { status, code, isExplained });
    for (const error of [failure, new Error("put key", { cause: failure })])
      expect([isDenial(error), isHopeless(error)]).toEqual([isDenied, hasNoHope]);
  },
);
