/** `npm run test:crash [SEED]`: every call of every operation, and what was covered, as two tables. */
import { enumerate } from "./enumerate.ts";
import { enumerateFiles } from "./enumerate-files.ts";
import { fileOperations } from "./file-operations.ts";
import { operations } from "./operations.ts";

const seed = Number(process.argv[2] ?? process.env.CRASH_SEED ?? 1);
const row = (cells: readonly (string | number)[]) =>
  `${String(cells[0]).padEnd(46)}${cells
    .slice(1)
    .map((cell) => String(cell).padStart(11))
    .join("")}`;

process.stdout.write(
  `seed ${seed}\n${row(["operation", "calls", "cuts", "outcomes", "cut again"])}\n`,
);
const total = { cuts: 0, outcomes: 0, again: 0 };
for (const operation of operations) {
  const covered = enumerate(operation, { seed, stride: 1, outcomes: 4 });
  total.cuts += covered.cuts;
  total.outcomes += covered.outcomes;
  total.again += covered.again;
  process.stdout.write(
    `${row([covered.operation, covered.calls, covered.cuts, covered.outcomes, covered.again])}\n`,
  );
}
process.stdout.write(`${row(["all", "", total.cuts, total.outcomes, total.again])}\n`);

process.stdout.write(
  `\n${row(["operation on files", "calls", "kills", "kill again", "stale files"])}\n`,
);
const files = { kills: 0, again: 0, stale: 0 };
for (const operation of fileOperations) {
  const covered = await enumerateFiles(operation, { seed });
  files.kills += covered.kills;
  files.again += covered.again;
  files.stale += covered.stale;
  process.stdout.write(
    `${row([covered.operation, covered.calls, covered.kills, covered.again, covered.stale])}\n`,
  );
}
process.stdout.write(`${row(["all", "", files.kills, files.again, files.stale])}\n`);
