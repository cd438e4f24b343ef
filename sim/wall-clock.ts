/**
 * What a device believes the time to be. It may drift, stop, jump, or start
 * again in 1970; the true time is the world's.
 */
import { buildMs } from "../src/engine/build.ts";

/** Some weeks after the build: before it no time is believed. */
export const worldStartMs = buildMs + 40 * 86_400_000;

export class WallClock {
  private baseMs: number;
  private sinceMs: number;
  private rate = 1;

  constructor(nowMs: number) {
    this.baseMs = worldStartMs + nowMs;
    this.sinceMs = nowMs;
  }

  wallMs(nowMs: number): number {
    return Math.max(0, Math.floor(this.baseMs + (nowMs - this.sinceMs) * this.rate));
  }

  set(nowMs: number, wallMs: number, rate = this.rate): void {
    this.baseMs = Math.max(0, wallMs);
    this.sinceMs = nowMs;
    this.rate = rate;
  }

  step(nowMs: number, byMs: number): void {
    this.set(nowMs, this.wallMs(nowMs) + byMs);
  }

  setRate(nowMs: number, rate: number): void {
    this.set(nowMs, this.wallMs(nowMs), rate);
  }

  /** Set right, as by NTP. */
  heal(nowMs: number): void {
    this.set(nowMs, worldStartMs + nowMs, 1);
  }
}
