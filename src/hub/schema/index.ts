/** Rules for payloads, for the command line and embedders. */
export { readSchema } from "./schema.ts";
