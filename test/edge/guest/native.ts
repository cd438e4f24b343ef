/** A translated class beside the same one in JavaScript: prints each difference, and at the end how many were asked. */
import { host } from "../../../src/edge/host-functions.ts";
import { createSeededRandom } from "../../../src/testing/seeded-random.ts";
import { NativeExample } from "./native-example.ts";

const { NativeExample: Translated } = host as unknown as {
  readonly NativeExample: typeof NativeExample;
};

const ways = 22;
const random = createSeededRandom(20261127);
let asked = 0;

function print(line: string): void {
  host.print(1, `${line}\n`);
}

function compare(what: string, translated: unknown, plain: unknown): void {
  asked++;
  if (String(translated) !== String(plain)) print(`${what}: ${translated} instead of ${plain}`);
}

/** Small ones, those at the edges of 8, 16 and 32 bits, and some of 50 bits; of both signs. */
function draw(): number {
  const size = random.pick([3, 8, 16, 31, 32, 33, 50]);
  const value = random.chance(0.3) ? 2 ** size - random.below(3) : random.below(2 ** size);
  // QuickJS takes the lower half of a negative number by negating it, which the sanitizers do not like of 2^31.
  if (value % 2 ** 32 === 2 ** 31) return value;
  return random.chance(0.4) ? -value : value;
}

for (let round = 0; round < 40; round++) {
  const [size, partner] = [random.below(20), random.below(2)];
  const translated = new Translated(size, partner);
  const plain = new NativeExample(size, partner);
  for (let step = 0; step < 200; step++) {
    const way = random.below(ways);
    // Some ways multiply: those stay within the integers that are exact.
    const isWide = way < 10 && way !== 0;
    const [a, b] = isWide ? [draw(), draw()] : [random.below(40) - 10, random.below(300) - 20];
    compare(`way ${way} of ${a}, ${b}`, translated.reckon(way, a, b), plain.reckon(way, a, b));
    if (random.chance(0.2)) {
      const bytes = random.bytes(random.below(200));
      translated.keep(bytes);
      plain.keep(bytes);
    }
    const [from, to] = [random.below(30), random.below(200)];
    compare("part", translated.part(from, to), plain.part(from, to));
    const text = random.bytes(random.below(50));
    const times = random.below(20);
    compare("write", translated.write(text, times), plain.write(text, times));
    compare("isLong", translated.isLong(), plain.isLong());
    compare("count", translated.count, plain.count);
  }
}

const notNumbers = ["1", { valueOf: () => 1 }] as unknown as readonly number[];
for (const wrong of [1.5, Number.NaN, 2 ** 60, Number.POSITIVE_INFINITY, ...notNumbers])
  try {
    new Translated(4, 0).reckon(0, wrong, 1);
    print(`${wrong} was taken`);
  } catch (error) {
    compare("refusal", error instanceof TypeError, true);
  }
print(`asked ${asked}`);
