/** Largest object, and largest expanded content: one S3 request can't store more. */
export const MAX_OBJECT_BYTES = 5 * 1024 ** 3;
