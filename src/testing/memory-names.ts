/**
 * The names of a `MemoryStore`: which file each stands for now and after a power
 * cut. Creations, renames and removals that were not synced may each be lost,
 * but never in an order that no directory could show: a change is lost together
 * with every later one that builds on the same name.
 */
import { storeFolderOf } from "../core/store-name.ts";
import type { SeededRandom } from "./seeded-random.ts";

type NameChange<File> = {
  readonly id: number;
  readonly touches: readonly string[];
} & (
  | { readonly kind: "create"; readonly file: File }
  | { readonly kind: "rename"; readonly file: File }
  | { readonly kind: "remove" }
  | { readonly kind: "folder" }
);

/** The names and folders of one moment. */
export interface NameTable<File> {
  readonly files: Map<string, File>;
  readonly folders: Set<string>;
}

export class MemoryNames<File> {
  readonly now: NameTable<File>;
  private readonly durable: NameTable<File>;
  private pending: NameChange<File>[] = [];
  private lastChangeId = 0;

  constructor(start?: NameTable<File>) {
    this.now = copyTable(start);
    this.durable = copyTable(start);
  }

  get changeId(): number {
    return this.lastChangeId;
  }

  create(name: string, file: File): void {
    this.apply({ kind: "create", id: this.nextId(), touches: [name], file });
  }

  rename(from: string, to: string, file: File): void {
    this.apply({ kind: "rename", id: this.nextId(), touches: [from, to], file });
  }

  remove(name: string): void {
    this.apply({ kind: "remove", id: this.nextId(), touches: [name] });
  }

  makeFolder(name: string): void {
    this.apply({ kind: "folder", id: this.nextId(), touches: [name] });
  }

  /** A directory sync that succeeded: changes up to `changeId` are durable. */
  settle(changeId: number): void {
    const rest: NameChange<File>[] = [];
    for (const change of this.pending) {
      if (change.id > changeId) rest.push(change);
      else applyChange(this.durable, change);
    }
    this.pending = rest;
  }

  /** The names after a power cut; these stay as they are. */
  afterCrash(random: SeededRandom, tally = { lostNames: 0 }): NameTable<File> {
    const table = copyTable(this.durable);
    const share = random.pick([0, 0.2, 0.5, 0.8, 1]);
    const lost = new Set<string>();
    for (const change of this.pending) {
      const needs = change.touches.map((name) => storeFolderOf(name) ?? name);
      const isOrphan = [...change.touches, ...needs].some((name) => lost.has(name));
      if (!isOrphan && random.chance(share)) {
        applyChange(table, change);
        continue;
      }
      tally.lostNames++;
      for (const name of change.touches) lost.add(name);
    }
    return table;
  }

  private nextId(): number {
    this.lastChangeId++;
    return this.lastChangeId;
  }

  private apply(change: NameChange<File>): void {
    applyChange(this.now, change);
    this.pending.push(change);
  }
}

function applyChange<File>(table: NameTable<File>, change: NameChange<File>): void {
  const [first = "", second = ""] = change.touches;
  switch (change.kind) {
    case "create":
      table.files.set(first, change.file);
      return;
    case "rename":
      table.files.delete(first);
      table.files.set(second, change.file);
      return;
    case "remove":
      table.files.delete(first);
      return;
    case "folder":
      table.folders.add(first);
      return;
  }
}

function copyTable<File>(table: NameTable<File> | undefined): NameTable<File> {
  return { files: new Map(table?.files), folders: new Set(table?.folders) };
}
