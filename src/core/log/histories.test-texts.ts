/** Written by `node test/fixtures/transcripts.ts`, and read by people. histories.test-kit.ts says how to read a line. */
import { part as part1 } from "./histories-1.test-text.ts";
import { part as part2 } from "./histories-2.test-text.ts";
import { part as part3 } from "./histories-3.test-text.ts";

export const historyTexts = { ...part1, ...part2, ...part3 };
