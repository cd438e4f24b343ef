/** When a delivery is tried again, and when it is given up. */

export interface WebhookTiming {
  /** For an answer, from the first byte sent to the status received. */
  readonly answerTimeoutMs: number;
  /** Before the second try; doubles with each. */
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** After so many answers that say "failed", an event goes to the dead letters: with the times below, an hour. */
  readonly failuresMax: number;
  /** After so many answers that say "wrong", which no repetition will change. */
  readonly refusalsMax: number;
  /** How long a new position may wait to be written down: what a crash repeats. */
  readonly saveMs: number;
}

export const webhookTiming: WebhookTiming = {
  answerTimeoutMs: 15_000,
  backoffMinMs: 1000,
  backoffMaxMs: 600_000,
  failuresMax: 12,
  refusalsMax: 3,
  saveMs: 500,
};

export const webhooksMax = 16;
/** Of one webhook. When they are full it stops there, rather than forget one. */
export const deadLettersMax = 500;

/** With jitter, so that many hooks of one receiver do not come back in step. */
export function backoffMs(timing: WebhookTiming, tries: number): number {
  const limitMs = Math.min(timing.backoffMaxMs, timing.backoffMinMs * 2 ** Math.min(tries, 20));
  return limitMs / 2 + (Math.random() * limitMs) / 2;
}
