/** Aborts with its owner, and with whoever asked, if they brought a signal. */
export function stopSignal(owner: AbortSignal, asked: AbortSignal | undefined): AbortSignal {
  return AbortSignal.any(asked === undefined ? [owner] : [owner, asked]);
}
