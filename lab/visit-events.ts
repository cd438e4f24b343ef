/**
 * The 16 shapes of the `visit` kind: what a health assistant types in a day, as
 * plain JSON objects. See clinic-events.ts.
 */
import type { SeededRandom } from "../src/testing/seeded-random.ts";
import {
  diagnoses,
  drugs,
  eventTypes,
  hospitals,
  iso,
  note,
  staff,
  tenths,
  tests,
  vaccines,
  villages,
} from "./clinic-records.ts";
import type { Clinic, Fields, Shape } from "./clinic-records.ts";
import { drawUuid } from "./random.ts";

const { registration, visit, laboratory, prescription, immunisation, antenatal, referral, stock } =
  eventTypes;

/** The 16 shapes of the `visit` kind. */
export const visitShapes: readonly Shape[] = [
  {
    type: visit,
    weight: 18,
    fields: (c, r) => ({
      ...head(c, "visit"),
      vitals: vitals(r),
      dx: icd(r),
      rx: [drug(r)],
      note: note(r),
    }),
  },
  {
    type: visit,
    weight: 12,
    fields: (c, r) => ({
      ...head(c, "visit"),
      vitals: vitals(r),
      dx: icd(r),
      rx: [drug(r), drug(r)],
      note: note(r),
      follow_up: iso(c.nowMs + r.between(3, 30) * 86_400_000).slice(0, 10),
    }),
  },
  {
    type: visit,
    weight: 8,
    fields: (c, r) => ({
      ...head(c, "visit.child"),
      age_months: r.between(1, 59),
      vitals: vitals(r),
      muac_mm: r.between(108, 165),
      dx: icd(r),
      rx: [drug(r)],
      imci: r.pick(["green", "yellow", "pink"]),
      note: note(r),
    }),
  },
  {
    type: visit,
    weight: 6,
    fields: (c, r) => ({
      ...head(c, "visit.chronic"),
      programme: r.pick(["hypertension", "diabetes"]),
      vitals: vitals(r),
      rbs_mg_dl: r.between(78, 310),
      adherence: r.pick(["good", "fair", "poor"]),
      rx: [drug(r), drug(r)],
      note: note(r),
    }),
  },
  {
    type: visit,
    weight: 4,
    fields: (c, r) => ({
      ...head(c, "visit.injury"),
      site: r.pick(["left hand", "right foot", "scalp", "forearm"]),
      cause: r.pick(["fall", "tool", "animal", "road"]),
      vitals: vitals(r),
      sutures: r.between(0, 8),
      tetanus: r.chance(0.5),
      dx: icd(r),
      rx: [drug(r)],
      note: note(r),
    }),
  },
  {
    type: visit,
    weight: 3,
    fields: (c, r) => ({
      ...head(c, "visit.dental"),
      tooth: r.between(11, 48),
      procedure: r.pick(["extraction", "filling", "scaling"]),
      vitals: { bp: `${r.between(100, 150)}/${r.between(60, 95)}`, pulse: r.between(60, 105) },
      dx: icd(r),
      rx: [drug(r), drug(r)],
      note: note(r),
    }),
  },
  {
    type: registration,
    weight: 6,
    fields: (c, r) => ({
      ...head(c, "registration"),
      sex: r.pick(["f", "m"]),
      birth_year: r.between(1938, 2025),
      village: r.pick(villages),
      gewog: r.pick(villages),
      dzongkhag: "Punakha",
      phone: `+975 17 ${r.between(100_000, 999_999)}`,
      guardian: r.pick(["mother", "father", "none"]),
      allergies: r.pick([["penicillin"], [], []]),
      consent: { registry: true, sms: r.chance(0.6) },
      note: note(r),
    }),
  },
  {
    type: registration,
    weight: 2,
    fields: (c, r) => ({
      ...head(c, "registration.update"),
      changed: ["village", "phone"],
      village: r.pick(villages),
      phone: `+975 77 ${r.between(100_000, 999_999)}`,
      previous: { village: r.pick(villages), phone: `+975 17 ${r.between(100_000, 999_999)}` },
      reason: r.pick(["moved", "correction", "new SIM"]),
      checked_against: r.pick(["CID card", "household list"]),
      note: note(r),
    }),
  },
  {
    type: laboratory,
    weight: 8,
    fields: (c, r) => ({
      ...head(c, "lab.result"),
      visit_id: visitId(c),
      sample: r.pick(["blood", "urine", "sputum"]),
      results: [
        {
          test: r.pick(tests),
          value: tenths(r, 4, 16),
          unit: "g/dL",
          flag: r.pick(["", "L", "H"]),
        },
        { test: r.pick(tests), value: tenths(r, 60, 260), unit: "mg/dL", flag: r.pick(["", "H"]) },
      ],
      technician: r.pick(staff),
      note: note(r),
    }),
  },
  {
    type: laboratory,
    weight: 3,
    fields: (c, r) => ({
      ...head(c, "lab.request"),
      visit_id: visitId(c),
      tests: [r.pick(tests), r.pick(tests), r.pick(tests)],
      priority: r.pick(["routine", "urgent"]),
      fasting: r.chance(0.3),
      dx: icd(r),
      collected_at: iso(c.nowMs - r.between(60, 900) * 1000),
      note: note(r),
    }),
  },
  {
    type: prescription,
    weight: 8,
    fields: (c, r) => ({
      ...head(c, "dispense"),
      visit_id: visitId(c),
      items: [drug(r), drug(r), drug(r)].map((item) => ({
        ...item,
        batch: `B${r.between(10_000, 99_999)}`,
      })),
      counselled: true,
    }),
  },
  {
    type: immunisation,
    weight: 7,
    fields: (c, r) => ({
      ...head(c, "immunisation"),
      vaccine: r.pick(vaccines),
      dose: r.between(1, 3),
      lot: `VX${r.between(1000, 9999)}-${r.pick(["A", "B", "C"])}`,
      expiry: `2027-${String(r.between(1, 12)).padStart(2, "0")}-28`,
      site: r.pick(["left deltoid", "right thigh", "left thigh", "oral"]),
      weight_kg: tenths(r, 3, 14),
      temp_c: tenths(r, 36, 38),
      next_due: iso(c.nowMs + 28 * 86_400_000).slice(0, 10),
      reaction: "none",
      note: note(r),
    }),
  },
  {
    type: antenatal,
    weight: 6,
    fields: (c, r) => ({
      ...head(c, "anc"),
      visit_no: r.between(1, 8),
      gestation_weeks: r.between(8, 40),
      fundal_cm: r.between(12, 38),
      fetal_heart: r.between(118, 164),
      presentation: r.pick(["cephalic", "breech"]),
      vitals: vitals(r),
      hb_g_dl: tenths(r, 8, 14),
      urine: { protein: r.pick(["nil", "trace", "+"]), sugar: "nil" },
      iron_folate: true,
      note: note(r),
    }),
  },
  {
    type: antenatal,
    weight: 2,
    fields: (c, r) => ({
      ...head(c, "pnc"),
      days_after: r.between(1, 42),
      mother: { ...vitals(r), bleeding: r.pick(["normal", "heavy"]) },
      newborn: {
        weight_g: r.between(2100, 4100),
        temp_c: tenths(r, 36, 38),
        cord: r.pick(["clean", "red"]),
        feeding: r.pick(["exclusive", "mixed"]),
      },
      note: note(r),
    }),
  },
  {
    type: referral,
    weight: 4,
    fields: (c, r) => ({
      ...head(c, "referral"),
      visit_id: visitId(c),
      to: r.pick(hospitals),
      urgency: r.pick(["routine", "within 24 h", "emergency"]),
      dx: icd(r),
      vitals: vitals(r),
      given: [drug(r)],
      transport: r.pick(["ambulance", "own"]),
      note: note(r),
    }),
  },
  {
    type: stock,
    weight: 3,
    fields: (c, r) => ({
      event: "stock.count",
      id: drawUuid(r),
      at: iso(c.nowMs),
      by: r.pick(staff),
      store: "BHU main",
      lines: [0, 1, 2, 3].map(() => ({
        item: r.pick(drugs)[0],
        on_hand: r.between(0, 900),
        used: r.between(0, 200),
      })),
      checked_by: r.pick(staff),
      cold_chain_c: tenths(r, 2, 8),
    }),
  },
];

function vitals(random: SeededRandom): Fields {
  return {
    temp_c: tenths(random, 36, 39),
    pulse: random.between(58, 118),
    bp: `${random.between(98, 168)}/${random.between(58, 102)}`,
    resp: random.between(14, 28),
    spo2: random.between(89, 99),
    weight_kg: tenths(random, 9, 84),
  };
}

function icd(random: SeededRandom): Fields {
  const [code, text] = random.pick(diagnoses);
  return { icd10: code, text };
}

function drug(random: SeededRandom): Fields {
  const [name, dose] = random.pick(drugs);
  return { drug: name, dose, days: random.between(1, 10) };
}

/** One of the latest visits; a new one when there is none yet. */
function visitId(clinic: Clinic): string {
  const known = clinic.visitIds.length > 0 ? clinic.random.pick(clinic.visitIds) : undefined;
  return known ?? drawUuid(clinic.random);
}

/** Fields that every record of the clinic begins with. */
function head(clinic: Clinic, event: string): Fields {
  const patient = clinic.random.pick(clinic.patients);
  const id = drawUuid(clinic.random);
  if (event.startsWith("visit") && clinic.visitIds.push(id) > 12) clinic.visitIds.shift();
  return {
    event,
    id,
    patient_id: patient.id,
    at: iso(clinic.nowMs),
    by: clinic.random.pick(staff),
  };
}
