/**
 * Hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014):
 * 48-bit Unix milliseconds and a 16-bit counter, 8 bytes, big-endian, so that
 * bytes sort as values.
 */
export interface Hlc {
  /** 0 to 2^48-1. */
  readonly ms: number;
  /** 0 to 65535. */
  readonly counter: number;
}
