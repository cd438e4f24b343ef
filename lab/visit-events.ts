/**
 * The 16 shapes of the `visit` kind: what a health assistant types in a day, as
 * plain JSON objects. See clinic-events.ts.
 */
import { drawPhone, measured, villages } from "./clinic-people.ts";
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
} from "./clinic-records.ts";
import type { Clinic, Fields, Shape } from "./clinic-records.ts";

const { registration, visit, laboratory, prescription, immunisation, antenatal, referral, stock } =
  eventTypes;

/** The 16 shapes of the `visit` kind. */
export const visitShapes: readonly Shape[] = [
  {
    type: visit,
    weight: 11,
    who: "next",
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
    weight: 7,
    who: "next",
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
    weight: 4,
    who: "next",
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
    weight: 4,
    who: "next",
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
    weight: 2,
    who: "next",
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
    weight: 2,
    who: "next",
    fields: (c, r) => ({
      ...head(c, "visit.dental"),
      tooth: r.between(11, 48),
      procedure: r.pick(["extraction", "filling", "scaling"]),
      vitals: { bp: vitals(c).bp },
      dx: icd(c),
      rx: [drug(c), drug(c)],
      note: note(c),
    }),
  },
  {
    type: registration,
    weight: 5,
    who: "new",
    fields: (c, r) => ({
      ...head(c, "registration"),
      uuid: c.encounter.patient.uuid,
      name: c.encounter.patient.name,
      sex: c.encounter.patient.sex,
      birth_year: c.encounter.patient.birthYear,
      village: c.encounter.patient.village,
      gewog: r.pick(villages),
      dzongkhag: "Punakha",
      phone: c.encounter.patient.phone,
      guardian: pickCommon(r, ["none", "mother", "father"]),
      allergies: r.chance(0.1) ? ["penicillin"] : [],
      consent: { registry: true, sms: r.chance(0.6) },
      note: note(c),
    }),
  },
  {
    type: registration,
    weight: 2,
    who: "next",
    fields: (c, r) => ({
      ...head(c, "registration.update"),
      changed: ["village", "phone"],
      name: c.encounter.patient.name,
      village: r.pick(villages),
      phone: drawPhone(r),
      previous: { village: c.encounter.patient.village, phone: c.encounter.patient.phone },
      reason: r.pick(["moved", "correction", "new SIM"]),
      checked_against: r.pick(["CID card", "household list"]),
      note: note(c),
    }),
  },
  {
    type: laboratory,
    weight: 13,
    who: "present",
    fields: (c, r) => ({
      ...head(c, "lab.result"),
      lab_no: ++c.labNumber,
      name: c.encounter.patient.name,
      sample: pickCommon(r, ["blood", "urine", "sputum"]),
      results: [
        haemoglobin(c),
        {
          test: "RBS",
          value: measured(r, 116, { step: 2, spread: 20 }),
          unit: "mg/dL",
          range: "70-140",
        },
      ],
      technician: pickCommon(r, staff),
      note: note(c),
    }),
  },
  {
    type: laboratory,
    weight: 10,
    who: "present",
    fields: (c, r) => ({
      ...head(c, "lab.request"),
      name: c.encounter.patient.name,
      tests: [pickCommon(r, tests), pickCommon(r, tests)],
      priority: pickCommon(r, ["routine", "urgent"]),
      fasting: r.chance(0.3),
      dx: icd(c),
      collected_at: iso(c.nowMs - r.between(1, 15) * 60_000),
      note: note(c),
    }),
  },
  {
    type: prescription,
    weight: 22,
    who: "present",
    fields: (c, r) => ({
      ...head(c, "dispense"),
      name: c.encounter.patient.name,
      dx: icd(c),
      items: [drug(c), drug(c)].map((item) => ({
        ...item,
        batch: pickCommon(r, batches),
      })),
      counselled: true,
      note: note(c),
    }),
  },
  {
    type: immunisation,
    weight: 5,
    who: "next",
    fields: (c, r) => ({
      ...head(c, "immunisation"),
      name: c.encounter.patient.name,
      vaccine: r.pick(vaccines),
      dose: r.between(1, 3),
      lot: pickCommon(r, ["VX2041-A", "VX2043-A", "VX2047-A"]),
      expiry: "2027-06-28",
      site: r.pick(["left deltoid", "right thigh", "left thigh", "oral"]),
      weight_kg: c.encounter.patient.weightKg,
      temp_c: tenths(r, 36, 38),
      next_due: iso(c.nowMs + 28 * 86_400_000).slice(0, 10),
      reaction: "none",
      note: note(c),
    }),
  },
  {
    type: antenatal,
    weight: 4,
    who: "next",
    fields: (c, r) => ({
      ...head(c, "anc"),
      name: c.encounter.patient.name,
      visit_no: r.between(1, 8),
      gestation_weeks: r.between(8, 40),
      fundal_cm: r.between(12, 38),
      fetal_heart: measured(r, 140, { step: 2, spread: 10 }),
      presentation: pickCommon(r, ["cephalic", "breech"]),
      vitals: vitals(c),
      hb_g_dl: haemoglobin(c).value,
      urine: { protein: pickCommon(r, ["nil", "trace", "+"]), sugar: "nil" },
      iron_folate: true,
      note: note(c),
    }),
  },
  {
    type: antenatal,
    weight: 1,
    who: "next",
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
    weight: 6,
    who: "present",
    fields: (c, r) => ({
      ...head(c, "referral"),
      name: c.encounter.patient.name,
      to: pickCommon(r, hospitals),
      urgency: pickCommon(r, ["routine", "within 24 h", "emergency"]),
      dx: icd(c),
      vitals: vitals(c),
      given: [drug(c)],
      transport: r.pick(["ambulance", "own"]),
      note: note(c),
    }),
  },
  {
    type: stock,
    weight: 2,
    who: "present",
    fields: (c, r) => ({
      event: "stock.count",
      at: iso(c.nowMs),
      by: pickCommon(r, staff),
      store: "BHU main",
      lines: drugs.slice(0, 4).map(([item]) => ({
        item,
        on_hand: r.between(0, 900),
        used: r.between(0, 200),
      })),
      checked_by: r.pick(staff),
      cold_chain_c: measured(r, 5, { step: 0.1, spread: 10 }),
    }),
  },
];

const batches = ["B2214", "B2209", "B2221", "B2225"];

function vitals({ random, encounter: { illness, patient } }: Clinic): Fields {
  const systolic = measured(random, patient.systolic, { step: 5, spread: 2 });
  const diastolic = measured(random, 0.5 * patient.systolic + 15, { step: 5, spread: 1 });
  return {
    temp_c: measured(random, illness.tempC, { step: 0.1, spread: 3 }),
    pulse: measured(random, patient.pulse, { step: 2, spread: 3 }),
    bp: `${systolic}/${diastolic}`,
    resp: pickCommon(random, [18, 20, 16, 22]),
    spo2: pickCommon(random, [98, 97, 99, 96, 95]),
    weight_kg: patient.weightKg,
  };
}

function haemoglobin({ random, encounter: { patient } }: Clinic) {
  const value = measured(random, patient.hbGPerDl, { step: 0.1, spread: 5 });
  return { test: "Hb", value, unit: "g/dL", range: patient.sex === "f" ? "12-15" : "13-17" };
}

function icd({ encounter: { illness } }: Clinic): Fields {
  return { icd10: illness.icd10, text: illness.text };
}

/** The next drug for the illness in hand. */
function drug(clinic: Clinic): Fields {
  const { rx } = clinic.encounter.illness;
  const [position, days] = rx[clinic.drugsWritten++ % rx.length] ?? [0, 3];
  const [name, dose] = drugs[position] ?? drugs[0];
  return { drug: name, dose, days };
}

/** Fields that every patient's record begins with: the contact, whose it is, when, and who wrote it. */
function head({ random, encounter, nowMs }: Clinic, event: string): Fields {
  return {
    event,
    visit_id: encounter.id,
    patient_id: encounter.patient.id,
    at: iso(nowMs),
    by: pickCommon(random, staff),
  };
}
