/** In the place of src/storage/small-records.ts: the host's own cipher needs no other for small records. */

export function loadSmallRecords(): Promise<void> {
  return Promise.resolve();
}
