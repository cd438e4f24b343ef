/**
 * Made-up patients: names that are given in Bhutan, put together by chance, and the
 * measures that a person brings along to every visit. Nobody in it exists.
 */
import type { SeededRandom } from "../src/testing/seeded-random.ts";
import { drawUuid } from "./random.ts";

export interface Patient {
  /** The number on the patient's card. */
  readonly id: string;
  readonly uuid: string;
  readonly name: string;
  readonly sex: "f" | "m";
  readonly birthYear: number;
  readonly village: string;
  readonly phone: string;
  /** What a measurement of this person comes out near. */
  readonly weightKg: number;
  readonly systolic: number;
  readonly pulse: number;
  readonly hbGPerDl: number;
}

const firstNames = [
  ..."Sonam Tshering Karma Pema Dorji Kinley Ugyen Tashi Phuntsho Jigme Namgay Sangay".split(" "),
  ..."Yeshi Kezang Chimi Dechen Rinchen Tandin Thinley Leki Nima Passang Choki Singye".split(" "),
  ..."Gyem Lhamo Norbu Sherab Tobgay Wangmo Deki Lobzang Jamtsho Kencho Ngawang Rigzin".split(" "),
];
const lastNames = [
  ..."Dorji Wangmo Wangdi Lhamo Tshering Choden Tenzin Penjor Zangmo Dema Namgyel Yangzom".split(
    " ",
  ),
  ..."Dukpa Rabgay Pelden Gyeltshen Tobden Seldon Wangchuk Peldon Zam Norbu Phuntsho Om".split(" "),
];

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

export function drawPhone(random: SeededRandom): string {
  return `+975 ${random.pick(["17", "77"])} ${random.between(100_000, 999_999)}`;
}

/** A person who was never here before, under the next number of the register. */
export function drawPatient(random: SeededRandom, cardNumber: number): Patient {
  const isFemale = random.chance(0.55);
  return {
    id: `BT-${String(cardNumber).padStart(4, "0")}`,
    uuid: drawUuid(random),
    name: `${random.pick(firstNames)} ${random.pick(lastNames)}`,
    sex: isFemale ? "f" : "m",
    birthYear: 2026 - Math.min(random.between(0, 88), random.between(0, 88)),
    village: random.pick(villages),
    phone: drawPhone(random),
    weightKg: random.between(80, 780) / 10,
    systolic: 10 * random.between(10, 15),
    pulse: random.between(64, 96),
    hbGPerDl: random.between(95, 150) / 10,
  };
}

/** A measurement: `base` in steps of `step`, most often near it, at most `spread` steps away. */
export function measured(
  random: SeededRandom,
  base: number,
  about: { readonly step: number; readonly spread: number },
): number {
  const away = random.between(0, about.spread) + random.between(0, about.spread) - about.spread;
  return Math.round((base + away * about.step) * 10) / 10;
}
