/**
 * What every made-up clinic record is built from: the vocabulary, the state of the
 * clinic that writes them, and the fields that records share. Invariant: everything
 * random comes from the generator that is passed in.
 */
import type { SeededRandom } from "../src/testing/seeded-random.ts";

/** The numbers that the lab uses for event types. */
export const eventTypes = {
  registration: 1,
  visit: 2,
  laboratory: 3,
  prescription: 4,
  immunisation: 5,
  antenatal: 6,
  referral: 7,
  stock: 8,
} as const;

export type Fields = Record<string, unknown>;

export interface Clinic {
  readonly random: SeededRandom;
  readonly patients: readonly { readonly id: string; readonly uuid: string }[];
  /** Ids of the latest visits, which laboratory, pharmacy and referrals point to. */
  readonly visitIds: string[];
  /** Unix milliseconds of the event in hand. */
  nowMs: number;
}

export interface Shape {
  readonly type: number;
  /** How often, against the others. */
  readonly weight: number;
  readonly fields: (clinic: Clinic, random: SeededRandom) => Fields;
}

export const diagnoses = [
  ["J06.9", "Acute upper respiratory infection, unspecified"],
  ["A09", "Infectious gastroenteritis and colitis, unspecified"],
  ["I10", "Essential (primary) hypertension"],
  ["E11.9", "Type 2 diabetes mellitus without complications"],
  ["J18.9", "Pneumonia, unspecified organism"],
  ["K29.7", "Gastritis, unspecified"],
  ["M54.5", "Low back pain"],
  ["L30.9", "Dermatitis, unspecified"],
  ["H10.9", "Unspecified conjunctivitis"],
  ["B82.9", "Intestinal parasitism, unspecified"],
  ["N39.0", "Urinary tract infection, site not specified"],
  ["S61.9", "Open wound of wrist and hand part"],
  ["K02.9", "Dental caries, unspecified"],
  ["R50.9", "Fever, unspecified"],
] as const;

export const drugs = [
  ["Paracetamol 500 mg", "1 tab TDS"],
  ["Amoxicillin 500 mg", "1 cap TDS"],
  ["Metformin 500 mg", "1 tab BD"],
  ["Amlodipine 5 mg", "1 tab OD"],
  ["ORS sachet", "1 L after each loose stool"],
  ["Omeprazole 20 mg", "1 cap OD before food"],
  ["Cotrimoxazole 480 mg", "2 tab BD"],
  ["Ferrous sulphate 200 mg", "1 tab OD"],
  ["Albendazole 400 mg", "single dose"],
  ["Cetirizine 10 mg", "1 tab HS"],
] as const;

export const complaints = [
  "fever and cough for 3 days",
  "loose stools since yesterday, no blood",
  "headache and dizziness in the morning",
  "follow-up, no new complaint",
  "pain in lower back after farm work",
  "itching rash on both arms",
  "burning on passing urine",
  "cut on left hand from a sickle",
  "poor appetite, tired",
  "epigastric pain after meals",
] as const;

export const advice = [
  "plenty of fluids, return if worse",
  "review in one week",
  "low salt diet, daily walk",
  "dressing every second day",
  "come back with the blue book",
  "referred if no better in 48 h",
  "take the full course",
] as const;

export const villages = [
  "Kabisa",
  "Talo",
  "Guma",
  "Barp",
  "Chhubu",
  "Dzoma",
  "Lingmukha",
  "Toewang",
];
export const staff = ["HA-03", "HA-07", "ACO-02", "CO-11", "NUR-05"];
export const vaccines = ["BCG", "OPV-1", "Penta-1", "Penta-2", "Penta-3", "PCV-2", "MMR-1", "Td-2"];
export const hospitals = [
  "Punakha District Hospital",
  "Wangdue District Hospital",
  "JDWNRH Thimphu",
];
export const tests = ["Hb", "RBS", "Urine RE", "Malaria RDT", "Sputum AFB", "HBsAg", "Widal"];

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function tenths(random: SeededRandom, from: number, to: number): number {
  return random.between(from * 10, to * 10) / 10;
}

export function note(random: SeededRandom): string {
  return `${random.pick(complaints)}; ${random.pick(advice)}`;
}
