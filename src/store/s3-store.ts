/** Objects in an S3 bucket, with unchanged keys. */
import { configuredEndpoint } from "../s3/address.ts";
import { deleteObject } from "../s3/operations/delete-object.ts";
import { getObject } from "../s3/operations/get-object.ts";
import { headObject } from "../s3/operations/head-object.ts";
import { listObjects } from "../s3/operations/list-objects.ts";
import { type PutObjectOptions, putObject } from "../s3/operations/put-object.ts";
import { S3Client, type S3ClientOptions } from "../s3/s3-client.ts";
import { isNotImplemented } from "../s3/s3-error.ts";
import type {
  GetOptions,
  ListOptions,
  ListPage,
  ObjectInfo,
  ObjectStore,
  PutBody,
  PutOptions,
  PutResult,
  RequestOptions,
  StoredObject,
} from "./object-store.ts";
import { checkRange } from "./range.ts";

export class S3Store implements ObjectStore {
  readonly name: string;
  readonly endpoint: string | undefined;
  readonly #client: S3Client;
  /** Some servers (Backblaze) answer 501 to a condition. */
  #knowsConditions = true;

  /** Throws if the bucket name or the endpoint is invalid. Sends no request. */
  constructor(options: S3ClientOptions) {
    this.name = `s3://${options.bucket}`;
    // The client rejects endpoints with a password or a query, which must not appear in messages.
    this.#client = new S3Client(options);
    this.endpoint = configuredEndpoint(options.endpointUrl, options.env);
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    checkRange(options.range);
    return await getObject(this.#client, key, options);
  }

  async head(key: string, options: RequestOptions = {}): Promise<ObjectInfo | undefined> {
    return await headObject(this.#client, key, options);
  }

  async put(key: string, body: PutBody, options: PutOptions = {}): Promise<PutResult> {
    if (options.onlyIf === undefined) return await putObject(this.#client, key, body, options);
    if (!this.#knowsConditions) return await this.#putAfterLook(key, body, options);
    try {
      return await putObject(this.#client, key, body, options);
    } catch (error) {
      if (!isNotImplemented(error)) throw error;
      this.#knowsConditions = false;
      return await this.#putAfterLook(key, body, options);
    }
  }

  list(prefix: string, options: ListOptions = {}): AsyncIterable<ListPage> {
    return listObjects(this.#client, prefix, options);
  }

  async delete(key: string, options: RequestOptions = {}): Promise<void> {
    await deleteObject(this.#client, key, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }

  /** The best approximation without conditions: of two concurrent writers, the later one wins. */
  async #putAfterLook(key: string, body: PutBody, options: PutObjectOptions): Promise<PutResult> {
    const { onlyIf, ...unconditional } = options;
    const found = await this.head(key, options.signal === undefined ? {} : { signal: options.signal });
    const holds = onlyIf === "absent" ? found === undefined : found?.etag === onlyIf?.etag;
    return holds ? await putObject(this.#client, key, body, unconditional) : "refused";
  }
}
