/**
 * The 16 shapes of the `visit` kind: what a health assistant types in a day, as
 * plain JSON objects. See clinic-events.ts.
 */
import {
  drugs,
  eventTypes,
  hospitals,
  iso,
  note,
  pickCommon,
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
    fields: (c) => ({
      ...head(c, "visit"),
      vitals: vitals(c),
      dx: icd(c),
      rx: [drug(c)],
      note: note(c),
    }),
  },
  {
    type: visit,
    weight: 12,
    fields: (c, r) => ({
      ...head(c, "visit"),
      vitals: vitals(c),
      dx: icd(c),
      rx: [drug(c), drug(c)],
      note: note(c),
      follow_up: iso(c.nowMs + r.between(3, 30) * 86_400_000).slice(0, 10),
    }),
  },
  {
    type: visit,
    weight: 8,
    fields: (c, r) => ({
      ...head(c, "visit.child"),
      age_months: r.between(1, 59),
      vitals: vitals(c),
      muac_mm: r.between(108, 165),
      dx: icd(c),
      rx: [drug(c)],
      imci: r.pick(["green", "yellow", "pink"]),
      note: note(c),
    }),
  },
  {
    type: visit,
    weight: 6,
    fields: (c, r) => ({
      ...head(c, "visit.chronic"),
      programme: r.pick(["hypertension", "diabetes"]),
      vitals: vitals(c),
      rbs_mg_dl: r.between(78, 310),
      adherence: r.pick(["good", "fair", "poor"]),
      rx: [drug(c), drug(c)],
      note: note(c),
    }),
  },
  {
    type: visit,
    weight: 4,
    fields: (c, r) => ({
      ...head(c, "visit.injury"),
      site: r.pick(["left hand", "right foot", "scalp", "forearm"]),
      cause: r.pick(["fall", "tool", "animal", "road"]),
      vitals: vitals(c),
      sutures: r.between(0, 8),
      tetanus: r.chance(0.5),
      dx: icd(c),
      rx: [drug(c)],
      note: note(c),
    }),
  },
  {
    type: visit,
    weight: 3,
    fields: (c, r) => ({
      ...head(c, "visit.dental"),
      tooth: r.between(11, 48),
      procedure: r.pick(["extraction", "filling", "scaling"]),
      vitals: { bp: pickCommon(r, pressures) },
      dx: icd(c),
      rx: [drug(c), drug(c)],
      note: note(c),
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
      note: note(c),
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
      note: note(c),
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
      note: note(c),
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
      dx: icd(c),
      collected_at: iso(c.nowMs - r.between(60, 900) * 1000),
      note: note(c),
    }),
  },
  {
    type: prescription,
    weight: 8,
    fields: (c, r) => ({
      ...head(c, "dispense"),
      visit_id: visitId(c),
      items: [drug(c), drug(c)].map((item) => ({
        ...item,
        batch: `B${r.between(2200, 2231)}`,
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
      lot: `VX${r.between(2040, 2049)}-A`,
      expiry: `2027-${String(r.between(1, 12)).padStart(2, "0")}-28`,
      site: r.pick(["left deltoid", "right thigh", "left thigh", "oral"]),
      weight_kg: tenths(r, 3, 14),
      temp_c: tenths(r, 36, 38),
      next_due: iso(c.nowMs + 28 * 86_400_000).slice(0, 10),
      reaction: "none",
      note: note(c),
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
      vitals: vitals(c),
      hb_g_dl: tenths(r, 8, 14),
      urine: { protein: r.pick(["nil", "trace", "+"]), sugar: "nil" },
      iron_folate: true,
      note: note(c),
    }),
  },
  {
    type: antenatal,
    weight: 2,
    fields: (c, r) => ({
      ...head(c, "pnc"),
      days_after: r.between(1, 42),
      mother: { ...vitals(c), bleeding: r.pick(["normal", "heavy"]) },
      newborn: {
        weight_g: r.between(2100, 4100),
        temp_c: tenths(r, 36, 38),
        cord: r.pick(["clean", "red"]),
        feeding: r.pick(["exclusive", "mixed"]),
      },
      note: note(c),
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
      dx: icd(c),
      vitals: vitals(c),
      given: [drug(c)],
      transport: r.pick(["ambulance", "own"]),
      note: note(c),
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

function vitals({ random, illness, patient }: Clinic): Fields {
  return {
    temp_c: Math.round(illness.tempC * 10 + random.between(-3, 3)) / 10,
    pulse: pickCommon(random, [72, 76, 80, 84, 78, 88, 68, 92, 96, 100, 64, 104, 110]),
    bp: pickCommon(random, pressures),
    resp: pickCommon(random, [18, 20, 16, 22, 24]),
    spo2: pickCommon(random, [98, 97, 99, 96, 95, 93, 91]),
    weight_kg: patient.weightKg,
  };
}

const pressures = [
  "120/80",
  "110/70",
  "130/80",
  "120/70",
  "140/90",
  "130/90",
  "100/60",
  "150/90",
  "128/84",
  "160/100",
  "118/76",
];

function icd({ illness }: Clinic): Fields {
  return { icd10: illness.icd10, text: illness.text };
}

/** The next drug for the illness in hand. */
function drug(clinic: Clinic): Fields {
  const { rx } = clinic.illness;
  const [position, days] = rx[clinic.drugsWritten++ % rx.length] ?? [0, 3];
  const [name, dose] = drugs[position] ?? drugs[0];
  return { drug: name, dose, days };
}

/** One of the latest visits; a new one when there is none yet. */
function visitId(clinic: Clinic): string {
  const known = clinic.visitIds.length > 0 ? clinic.random.pick(clinic.visitIds) : undefined;
  return known ?? drawUuid(clinic.random);
}

/** Fields that every record of the clinic begins with. */
function head(clinic: Clinic, event: string): Fields {
  const id = drawUuid(clinic.random);
  if (event.startsWith("visit") && clinic.visitIds.push(id) > 12) clinic.visitIds.shift();
  return {
    event,
    id,
    patient_id: clinic.patient.id,
    at: iso(clinic.nowMs),
    by: pickCommon(clinic.random, staff),
  };
}
