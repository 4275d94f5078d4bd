/** What is looked up did not come in time, and the remote was not asked for it: that says nothing about the remote. */
export class NotSentError extends Error {
  override name = "NotSentError" as const;
}
