/** The one line that answers "is every clinic safe and current?", and what is told as one thing. */
import type { Attention, ClinicRow, Overview } from "../../overview/overview-types.ts";
import { counted, grouped } from "../../../core/counted.ts";

const neverShownMax = 3;

export interface Answered {
  readonly counts: Pick<Overview["counts"], "clinics" | "urgent" | "soon">;
  readonly hub: Pick<Overview["hub"], "isReadOnly">;
  readonly clinics: readonly Pick<ClinicRow, "state" | "pendingIn">[];
}

export function answerText({ counts, hub, clinics: rows }: Answered): string {
  const { clinics, urgent, soon } = counts;
  if (hub.isReadOnly) return "The hub takes no new events.";
  if (urgent > 0) {
    const later = soon > 0 ? `, ${grouped(soon)} more this week` : "";
    return `${counted(urgent, "thing")} ${urgent === 1 ? "needs" : "need"} a person now${later}.`;
  }
  if (soon > 0) return `All data is safe. ${counted(soon, "thing")} to see to this week.`;
  if (clinics === 0) return "No clinics yet.";
  const behind = rows.filter(({ pendingIn }) => pendingIn !== null && pendingIn > 0).length;
  if (behind > 0)
    return `All is well. ${counted(behind, "clinic")} ${behind === 1 ? "has" : "have"} events on the way.`;
  // Of those that never synced nothing is known: neither that they are safe, nor that they are not.
  const never = rows.filter(({ state }) => state === "never").length;
  if (never === clinics) return "No clinic has synced yet.";
  if (never > 0)
    return `${counted(clinics - never, "clinic")} safe and current, ${grouped(never)} not synced yet.`;
  return clinics === 1
    ? "The clinic is safe and current."
    : `All ${grouped(clinics)} clinics are safe and current.`;
}

/** Many that never synced are one thing to know, told behind the rest. */
export function foldNever(attention: readonly Attention[]): {
  readonly items: readonly Attention[];
  readonly never: number;
} {
  const items = attention.filter(({ kind }) => kind !== "never");
  const never = attention.length - items.length;
  return never > neverShownMax ? { items, never } : { items: attention, never: 0 };
}
