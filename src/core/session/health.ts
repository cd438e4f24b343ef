/**
 * Health (RULES 41): what a node tells hubs of itself, so that somebody looks
 * before data is at risk. In HELLO when anything has changed; in mid-session only
 * when what needs a person has, so that a connection that stays open for weeks
 * tells of a full disk at once, and costs nothing as long as all is well.
 */
import type { HealthBlock } from "./api.ts";
import type { SessionState } from "./state.ts";

/** Never a hub's to a clinic, which would learn counts about others. */
function mayTell(s: SessionState): boolean {
  const { self, peer } = s.options;
  return self.role === "clinic" || peer.role === "hub";
}

/** What HELLO says of our health; undefined when the peer knows it. */
export function changedHealth(s: SessionState): HealthBlock | undefined {
  const { health } = s;
  if (health === undefined || !mayTell(s)) return undefined;
  const before = s.healthSent;
  // Free space moves all the time: a twentieth is no news.
  const isSame =
    before !== undefined &&
    before.version === health.version &&
    before.certDaysLeft === health.certDaysLeft &&
    !isTrouble(before, health) &&
    Math.abs(before.diskFreeBytes - health.diskFreeBytes) <= before.diskFreeBytes / 20;
  if (isSame) return undefined;
  s.healthSent = health;
  return health;
}

/** Whether one of them says something that a person should know and the other does not. */
function isTrouble(before: HealthBlock, now: HealthBlock): boolean {
  return (
    before.damagedCount !== now.damagedCount ||
    before.quarantinedCount !== now.quarantinedCount ||
    before.troubles.join(" ") !== now.troubles.join(" ")
  );
}

/** The host has looked again. */
export function takeOwnHealth(s: SessionState, health: HealthBlock): void {
  s.health = health;
  const before = s.healthSent;
  if (s.phase !== "open" || s.isPing || before === undefined || !mayTell(s)) return;
  if (isTrouble(before, health)) tell(s, health);
}

/** The peer holds nothing durable of us: what we told it in earlier sessions is lost. */
export function tellAgain(s: SessionState): void {
  const { health, options } = s;
  if (health === undefined || !mayTell(s)) return;
  const isTold = s.healthSent !== options.peerState?.healthSent;
  if (!options.isInitiator) s.healthSent = undefined;
  else if (!isTold) tell(s, health);
}

function tell(s: SessionState, health: HealthBlock): void {
  s.healthSent = health;
  s.send({ type: "health", health });
}
