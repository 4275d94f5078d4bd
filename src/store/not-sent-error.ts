/** The request was not sent, so its failure says nothing about the remote. */
export class NotSentError extends Error {
  override name = "NotSentError" as const;
}
