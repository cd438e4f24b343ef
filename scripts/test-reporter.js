/**
 * Test output for people: a dot a passing test file's test, every failure in full, and the
 * runner's own closing counts. Quiet when green, complete when red.
 */
import { inspect } from "node:util";

const dotsPerLine = 80;

export default async function* report(source) {
  const failures = [];
  const counts = [];
  let dots = 0;
  for await (const event of source) {
    switch (event.type) {
      case "test:pass":
        if (event.data.details?.type === "suite") break;
        dots += 1;
        yield dots % dotsPerLine === 0 ? ".\n" : ".";
        break;
      case "test:fail":
        if (event.data.details?.error?.failureType === "subtestsFailed") break;
        if (!isRepeat(event.data, failures)) yield `\n${failureText(event.data)}\n`;
        failures.push(event.data);
        dots = 0;
        break;
      case "test:stdout":
      case "test:stderr":
        yield event.data.message;
        break;
      case "test:diagnostic":
        if (event.data.nesting === 0 && isCount(event.data.message))
          counts.push(event.data.message);
        else if (/^warning: |seed/i.test(event.data.message)) yield `\n# ${event.data.message}\n`;
        break;
    }
  }
  yield "\n";
  if (failures.length > 0) {
    yield "\nfailed:\n";
    for (const data of failures) yield `  ${place(data)}  ${data.name}\n`;
  }
  for (const message of counts) yield `ℹ ${message}\n`;
}

/** The runner's closing lines, such as `tests 12` and `duration_ms 345`. */
function isCount(message) {
  return /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/.test(message);
}

/** A failed hook fails every test of its file in the same words: they are printed once. */
function isRepeat(data, earlier) {
  const type = data.details?.error?.failureType;
  return type === "hookFailed" && earlier.some((one) => one.file === data.file);
}

function failureText(data) {
  const error = data.details?.error;
  const cause = error?.cause ?? error;
  const text = cause instanceof Error || typeof cause === "object" ? inspect(cause) : String(cause);
  return `✖ ${data.name}\n  ${place(data)}\n${text.replace(/^/gm, "  ")}`;
}

function place(data) {
  const file = data.file === undefined ? "" : data.file.replace(`${process.cwd()}/`, "");
  return data.line === undefined ? file : `${file}:${data.line}`;
}
