/**
 * What every made-up clinic record is built from: the vocabulary, the state of the
 * clinic that writes them, and the fields that records share. Invariant: everything
 * random comes from the generator that is passed in.
 */
import type { SeededRandom } from "../src/testing/seeded-random.ts";
import type { Patient } from "./clinic-people.ts";

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

/** Somebody's turn with the staff: what is written during it points to it. */
export interface Encounter {
  readonly id: string;
  readonly patient: Patient;
  readonly illness: Illness;
}

export interface Clinic {
  readonly random: SeededRandom;
  /** Grows as people register. */
  readonly patients: Patient[];
  /** The latest, which laboratory, pharmacy and referrals go on with. */
  readonly encounters: Encounter[];
  /** Unix milliseconds of the event in hand. */
  nowMs: number;
  /** What the event in hand belongs to. */
  encounter: Encounter;
  drugsWritten: number;
  /** The last numbers given out. */
  cardNumber: number;
  labNumber: number;
}

export interface Shape {
  readonly type: number;
  /** How often, against the others. */
  readonly weight: number;
  /** Whose record it is: of somebody who comes in, who is here already, or who never was here. */
  readonly who: "next" | "present" | "new";
  readonly fields: (clinic: Clinic, random: SeededRandom) => Fields;
}

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

/** What brings people here, the commonest first; the rest of a record follows from it, as in life. */
export interface Illness {
  readonly icd10: string;
  readonly text: string;
  readonly complaint: string;
  /** Positions in `drugs`, and for how many days. */
  readonly rx: readonly (readonly [number, number])[];
  readonly tempC: number;
}

type IllnessRow = readonly [
  icd10: string,
  text: string,
  complaint: string,
  rx: Illness["rx"],
  tempC: number,
];
// biome-ignore format: a table is read row by row
const illnessRows: readonly IllnessRow[] = [
  ["J06.9", "Acute upper respiratory infection, unspecified", "fever and cough", [[0, 3], [9, 5]], 37.8],
  ["I10", "Essential (primary) hypertension", "follow-up, no new complaint", [[3, 30]], 36.6],
  ["K29.7", "Gastritis, unspecified", "epigastric pain after meals", [[5, 14]], 36.7],
  ["A09", "Infectious gastroenteritis and colitis, unspecified", "loose stools, no blood", [[4, 3], [0, 3]], 37.2],
  ["E11.9", "Type 2 diabetes mellitus without complications", "follow-up, blue book seen", [[2, 30]], 36.6],
  ["M54.5", "Low back pain", "pain in lower back after farm work", [[0, 5]], 36.6],
  ["L30.9", "Dermatitis, unspecified", "itching rash on both arms", [[9, 7]], 36.5],
  ["N39.0", "Urinary tract infection, site not specified", "burning on passing urine", [[6, 5]], 37.4],
  ["S61.9", "Open wound of wrist and hand part", "cut on left hand from a sickle", [[1, 5], [0, 3]], 36.7],
  ["J18.9", "Pneumonia, unspecified organism", "fever and fast breathing", [[1, 7], [0, 3]], 38.6],
  ["B82.9", "Intestinal parasitism, unspecified", "poor appetite, tired", [[8, 1], [7, 30]], 36.6],
  ["H10.9", "Unspecified conjunctivitis", "red eyes, discharge", [[9, 3]], 36.6],
  ["K02.9", "Dental caries, unspecified", "toothache, worse at night", [[0, 3], [1, 5]], 36.8],
  ["R50.9", "Fever, unspecified", "headache and fever", [[0, 3]], 38.4],
];
export const illnesses: readonly Illness[] = illnessRows.map(
  ([icd10, text, complaint, rx, tempC]) => ({ icd10, text, complaint, rx, tempC }),
);

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

/** One of a list whose first items come much more often than its last. */
export function pickCommon<T>(random: SeededRandom, list: readonly T[]): T {
  const share = random.below(1000) / 1000;
  const item = list[Math.floor(share * share * list.length)];
  if (item === undefined) throw new RangeError("nothing to pick from");
  return item;
}

const since = ["3 days", "2 days", "1 week", "yesterday", "4 days", "2 weeks", "a month"];
const advice = [
  "plenty of fluids, return if worse",
  "review in one week",
  "take the full course",
  "low salt diet, daily walk",
  "referred if no better in 48 h",
  "dressing every second day",
  "come back with the blue book",
  "wash hands, do not share towels",
];
const asides = [
  "Lives two hours' walk away.",
  "Relative will collect the medicine.",
  "Missed the last appointment.",
  "Asked about the vaccination day.",
  "Allergic to penicillin by own account.",
  "Works at the dam site, lifts loads.",
];

/** A short note as it is typed: the complaint, for how long, what was advised, at times an aside. */
export function note({ random, encounter }: Clinic): string {
  const said = `${encounter.illness.complaint}, since ${pickCommon(random, since)}`;
  const aside = random.chance(0.12) ? ` ${random.pick(asides)}` : "";
  return `${said}; ${pickCommon(random, advice)}.${aside}`;
}
