/** The shape of one row of the error catalogue. */

/** Process exit statuses (docs/errors.md): 2 usage, 3 storage, 4 identity, 5 network, 6 protocol, 7 data, 8 in part. */
export type ExitStatus = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** One row of the catalogue. `{name}` in message and hint is filled in from the context, `{count event}` as "1 event" or "2 events". */
export interface CatalogueEntry {
  readonly name: string;
  readonly message: string;
  readonly hint: string;
  readonly exit: ExitStatus;
  readonly http: number;
  /** True when the same call may succeed later with nothing changed by a person. */
  readonly retryable: boolean;
}
