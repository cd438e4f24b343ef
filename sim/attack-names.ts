/** What the hostile node tries, one a connection; see hostile.ts. */
export const attackNames = [
  "forged origin",
  "other key under a name",
  "other chain",
  "absurd numbers",
  "replayed frames",
  "bomb",
  "garbage",
  "another's name",
  "half a frame",
  "claims to be ahead",
  "streams without end",
  "flood of questions",
] as const;

export type AttackName = (typeof attackNames)[number];

/** As long as a clinic's name, so that the judge sees it in bytes too. */
export const hostileId = "clinic-99";
