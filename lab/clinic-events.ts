/**
 * Clinic events that look real and come from a seed: what a basic health unit in
 * Bhutan writes in a day. Three kinds, by size: `tiny` (about 44 bytes), `visit`
 * (16 shapes, about 440 bytes on average) and `fhir` (7 resources, about 1,680).
 *
 * Invariant: the n-th event of a seed and kind is always the same bytes. Patients
 * come back, times go forward by minutes, each record has a fresh UUID, and notes
 * are put together from phrases. It is synthetic text: it compresses better than
 * what people type, so compare ratios and not absolute sizes. Nobody in it exists.
 */
import { createSeededRandom } from "../src/testing/seeded-random.ts";
import type { SeededRandom } from "../src/testing/seeded-random.ts";
import { drawUuid } from "./random.ts";
import { eventTypes, illnesses, iso, pickCommon, tenths } from "./clinic-records.ts";
import type { Clinic, Shape } from "./clinic-records.ts";
import { fhirShapes } from "./fhir-events.ts";
import { visitShapes } from "./visit-events.ts";

export type EventKind = "tiny" | "visit" | "fhir";

export interface ClinicEvent {
  /** Event type number as given to `push --type`. */
  readonly type: number;
  readonly payload: string;
}

const startMs = Date.UTC(2026, 0, 5, 2, 30);
const patientCount = 400;
const { registration, visit, laboratory } = eventTypes;

const tinyShapes: readonly Shape[] = [
  {
    type: registration,
    weight: 1,
    fields: (c, r) => ({ p: r.pick(c.patients).id, e: "reg", at: iso(c.nowMs) }),
  },
  {
    type: visit,
    weight: 5,
    fields: (c, r) => ({
      p: r.pick(c.patients).id,
      t: tenths(r, 36, 39),
      hr: r.between(58, 118),
      wt: tenths(r, 9, 84),
    }),
  },
  {
    type: laboratory,
    weight: 3,
    fields: (c, r) => ({
      p: r.pick(c.patients).id,
      hb: tenths(r, 8, 16),
      rbs: r.between(70, 300),
      n: r.between(1, 9999),
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

/** An endless supply of events of one kind, in the order in which the clinic wrote them. */
export function* clinicEvents(kind: EventKind, seed = 1): Generator<ClinicEvent, never> {
  const random = createSeededRandom(seed);
  const patients = Array.from({ length: patientCount }, () => ({
    id: `BT-${String(random.between(1, 9999)).padStart(4, "0")}`,
    uuid: drawUuid(random),
    weightKg: random.between(80, 780) / 10,
  }));
  const clinic: Clinic = {
    random,
    patients,
    visitIds: [],
    nowMs: startMs,
    patient: random.pick(patients),
    illness: pickCommon(random, illnesses),
    drugsWritten: 0,
  };
  for (;;) {
    const shape = pickShape(shapesByKind[kind], random);
    clinic.nowMs += random.between(20_000, 900_000);
    clinic.patient = pickCommon(random, patients);
    clinic.illness = pickCommon(random, illnesses);
    clinic.drugsWritten = 0;
    yield { type: shape.type, payload: JSON.stringify(shape.fields(clinic, random)) };
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
