/** What `doctor` gathers: what was checked, and what was found, each thing once. */
import { catalogue, type ZCode } from "../core/errors/catalogue.ts";
import { isZCode, ZamError } from "../core/errors/zam-error.ts";
import { FileFault } from "../core/ports.ts";
import { faultToError } from "../storage/file-faults.ts";
import type { DoctorFinding, DoctorReport } from "./api.ts";

type Level = DoctorFinding["level"];

const exitStorage = 3;
const exitIdentity = 4;
const exitInPart = 8;
/** A log that is broken everywhere is not listed byte by byte. */
const sameCodeMax = 100;

/** Instead of a hint that says to run this very command. */
const hintsHere: Readonly<Partial<Record<ZCode, string>>> = {
  Z202: "keep the directory as it is; if the log opens, sync with a peer to fetch back what it holds, else restore a snapshot",
  Z212: "nothing is lost: the next session makes it anew, and costs a few bytes more",
};

export class Findings {
  private readonly findings: DoctorFinding[] = [];
  private readonly checks: { check: string; result: string }[] = [];
  private readonly counts = new Map<string, number>();

  add(finding: DoctorFinding): void {
    const isKnown = this.findings.some(
      ({ code, message }) => code === finding.code && message === finding.message,
    );
    if (isKnown) return;
    const count = (this.counts.get(finding.code) ?? 0) + 1;
    this.counts.set(finding.code, count);
    if (count <= sameCodeMax) this.findings.push(finding);
  }

  error(level: Level, error: ZamError): void {
    const { code, message } = error;
    this.add({ level, code, message, hint: hintsHere[code] ?? error.hint });
  }

  /** With another hint than the catalogue's alone. */
  alarm(code: string, text: string, ack: string): void {
    const known = isZCode(code) ? catalogue[code].hint : "";
    const hint = known.includes("doctor --ack")
      ? known.replace("doctor --ack", ack)
      : `${known === "" ? "" : `${known}; `}then zamsync ${ack}`;
    this.add({ level: "attention", code, message: text, hint });
  }

  checked(check: string, result: string): void {
    this.checks.push({ check, result });
  }

  /** What `look` returns, or undefined with its error as a finding. */
  attempt<T>(level: Level, look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      this.failed(level, error);
      return undefined;
    }
  }

  /** An error of the node or its files as a finding. @throws any other */
  failed(level: Level, error: unknown): void {
    if (error instanceof ZamError) this.error(level, error);
    else if (error instanceof FileFault) this.error(level, faultToError(error));
    else throw error;
  }

  report(nodeId: string | null, isRunning: boolean): DoctorReport {
    const order: readonly Level[] = ["failure", "attention", "note"];
    const findings = order.flatMap((level) =>
      this.findings.filter((finding) => finding.level === level),
    );
    return { nodeId, isRunning, checked: this.checks, findings, exit: this.exit() };
  }

  /** Lost data outweighs a key that is not at hand, and both outweigh what only needs a person. */
  private exit(): number {
    const failures = this.findings.filter(({ level }) => level === "failure");
    if (failures.some(({ code }) => !code.startsWith("Z3"))) return exitStorage;
    if (failures.length > 0) return exitIdentity;
    return this.findings.some(({ level }) => level === "attention") ? exitInPart : 0;
  }
}
