/**
 * What happens to a world, deed by deed at random times: people push and sync,
 * operators look after logs, disks and links and clocks fail, cards are restored
 * and cloned, and somebody means harm. Each deed says in the coverage whether it
 * really took place. Only faults that the project claims to survive are made;
 * what they may cost is told to the oracle where they are made.
 */
import type { SeededRandom } from "../src/testing/seeded-random.ts";
import { type ClockDeed, clockDeeds, failClock } from "./deeds/clocks.ts";
import { type DiskDeed, diskDeeds, Disks } from "./deeds/disks.ts";
import { type LinkDeed, failLink, linkDeeds } from "./deeds/links.ts";
import { type MachineDeed, machineDeeds, Machines } from "./deeds/machines.ts";
import { type OperatorDeed, operatorDeeds, Operators } from "./deeds/operators.ts";
import { type PushDeed, pushDeeds, Pushes } from "./deeds/pushes.ts";
import { Attacker } from "./hostile.ts";
import type { DeedName } from "./plan.ts";
import { beginJudging } from "./schema.ts";
import type { World } from "./world.ts";

export class Deeds {
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly pushes: Pushes;
  private readonly machines: Machines;
  private readonly disks: Disks;
  private readonly operators: Operators;
  private readonly attacker: Attacker;

  constructor(world: World) {
    this.world = world;
    this.random = world.random.fork();
    this.pushes = new Pushes(world, this.random);
    this.machines = new Machines(world, this.random);
    this.disks = new Disks(world, this.random);
    this.operators = new Operators(world, this.random);
    this.attacker = new Attacker(world, world.random.fork());
  }

  /** Plans all deeds of the run, one after another at random times. */
  planAll(): void {
    const { world, random } = this;
    const { plan } = world;
    let atMs = 1_000;
    for (let count = 0; count < plan.deeds; count++) {
      atMs += random.chance(0.5) ? random.below(plan.pauseMs) + 1 : random.below(50) + 1;
      world.queue.at(atMs, () => this.doOne(this.pickDeed()));
    }
    const { schema } = world;
    if (schema.changesAt < 1)
      world.queue.at(atMs * schema.changesAt, () => {
        schema.letAllIn();
        beginJudging(world, world.hub);
      });
  }

  /** Faults of disks that really failed a call. */
  countFired(): void {
    this.disks.countFired();
  }

  private pickDeed(): DeedName {
    const { weights } = this.world.plan;
    let total = 0;
    for (const weight of weights.values()) total += weight;
    let left = (this.random.next32() / 2 ** 32) * total;
    for (const [name, weight] of weights) {
      left -= weight;
      if (left < 0) return name;
    }
    return "push";
  }

  private doOne(name: DeedName): void {
    const { world, random } = this;
    const device = random.chance(0.25) ? world.hub : random.pick(world.clinics);
    world.note(device, `deed ${name}`);
    if (isOneOf<PushDeed>(pushDeeds, name)) this.pushes.do(name, device);
    else if (isOneOf<MachineDeed>(machineDeeds, name)) this.machines.do(name, device);
    else if (isOneOf<DiskDeed>(diskDeeds, name)) this.disks.do(name, device);
    else if (isOneOf<OperatorDeed>(operatorDeeds, name)) this.operators.do(name, device);
    else if (isOneOf<LinkDeed>(linkDeeds, name)) failLink(world, random, name);
    else if (isOneOf<ClockDeed>(clockDeeds, name)) failClock(world, random, name, device);
    else if (name === "attack") this.attacker.attack();
    else world.sync(random.pick(world.clinics));
  }
}

function isOneOf<Name extends DeedName>(names: readonly Name[], name: DeedName): name is Name {
  return (names as readonly DeedName[]).includes(name);
}
