/** No object is larger, nor what it expands to: more can't be stored by one request to S3. */
export const MAX_OBJECT_BYTES = 5 * 1024 ** 3;
