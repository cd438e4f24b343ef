/**
 * What this build is. `buildMs` is a time known to have passed wherever it
 * runs: a device without a battery clock measures drift from it (RULES 38).
 * It is raised with each release.
 */
export const buildMs: number = Date.UTC(2026, 10, 23);
