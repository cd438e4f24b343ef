/**
 * Clinic events that look real and come from a seed: what a basic health unit in
 * Bhutan writes in a day. Three kinds, by size: `tiny` (the front desk's lines,
 * about 45 bytes), `visit` (16 shapes of visits with vitals, prescriptions, laboratory
 * and short notes, 300 to 600 bytes) and `fhir` (7 resources, 1 to 2 KB).
 *
 * Invariant: the n-th event of a seed and kind is always the same bytes. Patients
 * come back, and bring their own weight and blood pressure; one contact with a
 * patient leaves several records, which point to it by its UUID; times go forward by
 * minutes. All of it is synthetic: notes are put together from phrases, so they
 * compress better than what people type. Compare ratios, not absolute sizes.
 */
import { createSeededRandom } from "../src/testing/seeded-random.ts";
import type { SeededRandom } from "../src/testing/seeded-random.ts";
import { drawPatient, measured } from "./clinic-people.ts";
import type { Patient } from "./clinic-people.ts";
import { eventTypes, illnesses, pickCommon } from "./clinic-records.ts";
import type { Clinic, Encounter, Shape } from "./clinic-records.ts";
import { fhirShapes } from "./fhir-events.ts";
import { drawUuid } from "./random.ts";
import { visitShapes } from "./visit-events.ts";

export type EventKind = "tiny" | "visit" | "fhir";

export interface ClinicEvent {
  /** Event type number as given to `push --type`. */
  readonly type: number;
  readonly payload: string;
  /** When it was written, Unix milliseconds: what its clock would say at the clinic. */
  readonly atMs: number;
}

const startMs = Date.UTC(2026, 0, 5, 2, 30);
const patientCount = 400;
/** People who are in the house at the same time. */
const presentCount = 4;
const { registration, visit, laboratory } = eventTypes;

const tinyShapes: readonly Shape[] = [
  {
    type: registration,
    weight: 4,
    who: "next",
    fields: ({ encounter }) => ({ patient_id: encounter.patient.id, event: "registration" }),
  },
  {
    type: visit,
    weight: 3,
    who: "present",
    fields: ({ encounter: { patient, illness } }, r) => ({
      p: patient.id,
      t: measured(r, illness.tempC, { step: 0.1, spread: 4 }),
      hr: measured(r, patient.pulse, { step: 2, spread: 4 }),
      wt: patient.weightKg,
    }),
  },
  {
    type: laboratory,
    weight: 1,
    who: "present",
    fields: (c, r) => ({
      p: c.encounter.patient.id,
      hb: measured(r, c.encounter.patient.hbGPerDl, { step: 0.1, spread: 5 }),
      rbs: measured(r, 110, { step: 1, spread: 30 }),
      n: ++c.labNumber,
    }),
  },
];

const shapesByKind = { tiny: tinyShapes, visit: visitShapes, fhir: fhirShapes } as const;

function pickShape(shapes: readonly Shape[], random: SeededRandom): Shape {
  let rest = random.between(
    1,
    shapes.reduce((sum, shape) => sum + shape.weight, 0),
  );
  for (const shape of shapes) {
    rest -= shape.weight;
    if (rest <= 0) return shape;
  }
  throw new Error("weights do not add up");
}

/** Who the next record is about; the one in hand from then on. */
function turnTo(clinic: Clinic, who: Shape["who"]): void {
  const { random, encounters, patients } = clinic;
  clinic.drugsWritten = 0;
  if (who === "present" && encounters.length > 0) {
    clinic.encounter = random.pick(encounters);
    return;
  }
  clinic.encounter = openEncounter(
    random,
    who === "new" ? register(clinic) : pickCommon(random, patients),
  );
  if (encounters.push(clinic.encounter) > presentCount) encounters.shift();
}

function register(clinic: Clinic): Patient {
  clinic.cardNumber += clinic.random.between(1, 3);
  const patient = drawPatient(clinic.random, clinic.cardNumber);
  clinic.patients.push(patient);
  return patient;
}

function openEncounter(random: SeededRandom, patient: Patient): Encounter {
  return { id: drawUuid(random), patient, illness: pickCommon(random, illnesses) };
}

/** A clinic with its regular patients, in no particular order. */
function createClinic(random: SeededRandom): Clinic {
  const patients: Patient[] = [];
  for (let n = 0; n < patientCount; n++)
    patients.splice(random.between(0, n), 0, drawPatient(random, 1 + n * 8 + random.between(0, 7)));
  return {
    random,
    patients,
    encounters: [],
    nowMs: startMs,
    encounter: openEncounter(random, random.pick(patients)),
    drugsWritten: 0,
    cardNumber: patientCount * 8,
    labNumber: 4200,
  };
}

/** An endless supply of events of one kind, in the order in which the clinic wrote them. */
export function* clinicEvents(kind: EventKind, seed = 1): Generator<ClinicEvent, never> {
  const random = createSeededRandom(seed);
  const clinic = createClinic(random);
  for (;;) {
    const shape = pickShape(shapesByKind[kind], random);
    clinic.nowMs += random.between(20_000, 600_000);
    turnTo(clinic, shape.who);
    const payload = JSON.stringify(shape.fields(clinic, random));
    yield { type: shape.type, payload, atMs: clinic.nowMs };
  }
}

/** The next `count` events of a supply, or the first of a new one. */
export function takeEvents(
  from: EventKind | Generator<ClinicEvent, never>,
  count: number,
  seed = 1,
): ClinicEvent[] {
  const supply = typeof from === "string" ? clinicEvents(from, seed) : from;
  return Array.from({ length: count }, () => supply.next().value);
}
