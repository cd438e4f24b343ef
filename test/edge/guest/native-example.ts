/** A class with everything that can be translated to C: what it answers there it answers as JavaScript. */
import { ByteWriter, emptyBytes } from "../../../src/core/bytes.ts";

interface Animal {
  readonly legs: number;
  readonly isTame: boolean;
  feed(amount: number, salt: number): number;
}

class Dog implements Animal {
  readonly legs = 4;
  readonly isTame = true;
  private eaten = 0;

  feed(amount: number): number {
    this.eaten += amount;
    return this.eaten;
  }
}

class Spider implements Animal {
  private hunger = 100;
  readonly isTame = false;

  get legs(): number {
    return this.hunger > 0 ? 8 : 7;
  }

  feed(amount: number, salt: number): number {
    this.hunger -= amount;
    return this.hunger * 2 + salt;
  }
}

interface Pair {
  readonly first: number;
  readonly second: number | undefined;
}

const words = [3, 1, 4, 1, 5] as const;
const table = new Int16Array(8);
for (let i = 0; i < 8; i++) table[i] = i * i - 20;
const kinds = { one: 1, two: 2 } as const;
const big = 1 << 20;

export class NativeExample {
  private readonly bytes: Uint8Array;
  private readonly signed = new Int32Array(4).fill(-7);
  private readonly exact = new Float64Array(4);
  private readonly out = new ByteWriter(4);
  private readonly dog = new Dog();
  private readonly spider = new Spider();
  private readonly partner: Dog | undefined;
  private kept: Uint8Array = emptyBytes;
  private counter = 0;

  constructor(size: number, hasPartner: number) {
    this.bytes = new Uint8Array(size);
    this.partner = hasPartner === 1 ? this.dog : undefined;
  }

  get count(): number {
    return this.counter;
  }

  /** One of some dozen ways to reckon. */
  reckon(way: number, a: number, b: number): number {
    switch (way) {
      case 0:
        return a + b - a * 3;
      case 1:
        return b === 0 ? 0 : a % b;
      case 2:
        return b === 0 ? 0 : Math.floor(a / b);
      case 3:
        return b === 0 ? 0 : Math.trunc(a / b) + Math.ceil(a / b);
      case 4:
        return (a & b) + (a | b) + (a ^ b) + ~a;
      case 5:
        return (a << b) + (a >> b) + (a >>> b);
      case 6:
        return Math.imul(a, b) + Math.clz32(a);
      case 7:
        return Math.min(a, b) - Math.max(a, b) + Math.abs(a);
      case 8:
        return 2 ** (b & 31) + 3 ** (a & 7);
      case 9:
        return (a < b ? 1 : 0) + (a <= b ? 2 : 0) + (a === b ? 4 : 0) + (a !== b && a > b ? 8 : 0);
      case 10:
        return this.next() * 10 + this.next() * 100 + this.counter++;
      case 11:
        return this.elements(a, b);
      case 12:
        return this.signed[a] ?? -a;
      case 13:
        return (this.exact[b & 3] as number) + (words[a & 7] ?? kinds.two) + (table[b & 7] ?? big);
      case 14:
        return this.animals(a, b);
      case 15:
        return this.withDefault(a) + this.withDefault(a, b);
      case 16:
        return this.partner?.feed(a) ?? -1;
      case 17:
        return this.pairs({ first: a, second: b > 0 ? b : undefined });
      case 18: {
        let sum = 0;
        for (const byte of this.bytes) {
          if (byte === 3) continue;
          if (sum > 1000) break;
          sum += byte;
        }
        return sum;
      }
      case 19:
        return -a - -b;
      case 20:
        // What stood there counts, not what the right side makes of it.
        this.counter += this.next();
        this.signed[1] = a;
        this.signed[1] += this.setSigned(b);
        return this.counter + (this.signed[1] as number);
      default:
        return this.bytes[a] === undefined ? -1 : 1;
    }
  }

  private next(): number {
    return ++this.counter;
  }

  private setSigned(value: number): number {
    this.signed[1] = value;
    return 1;
  }

  private elements(a: number, b: number): number {
    const { bytes, exact } = this;
    let at = a & 7;
    bytes[at++] = b;
    bytes[at] = at + (bytes[at - 1] as number);
    exact[at & 3] = a * 1000 + b;
    this.signed[b & 3] = a;
    return at + (bytes[at] ?? 1000) * 2;
  }

  private animals(a: number, b: number): number {
    const animal: Animal = a % 2 === 0 ? this.dog : this.spider;
    const { legs } = animal;
    const fed = animal.feed(b & 15, a & 3);
    return legs * 1000 + fed * 2 + (animal.isTame ? 1 : 0);
  }

  private withDefault(a: number, b = a + 1): number {
    return a * 2 + b;
  }

  private pairs(pair: Pair): number {
    const { first, second: other } = pair;
    if (other === undefined) return first;
    const swapped = this.swapped(first, other);
    return swapped.first - (swapped.second ?? 0);
  }

  private swapped(first: number, second: number): Pair {
    return { first: second, second: first };
  }

  /** Bytes that outlive the call. */
  keep(bytes: Uint8Array): void {
    this.kept = bytes;
  }

  /** Grows as it has to; views of it see what is written. */
  write(bytes: Uint8Array, times: number): Uint8Array {
    this.out.clear();
    for (let i = 0; i < times; i++) this.out.bytes(bytes);
    this.out.u8(times);
    return this.out.view();
  }

  part(from: number, to: number): Uint8Array {
    const copy = new Uint8Array(this.kept.length + 2);
    copy.set(this.kept, 1);
    copy[0] = Uint8Array.of(300, 2)[0] as number;
    return copy.subarray(from, to).slice();
  }

  isLong(): boolean {
    return this.kept.length > 10 || (this.kept.length > 3 && !this.dog.isTame);
  }
}
