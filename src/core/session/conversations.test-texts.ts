/** Written by `node test/fixtures/transcripts.ts`, and read by people. > is who called; conversations.test-kit.ts says how to read a line. */
import { part as part1 } from "./conversations-1.test-text.ts";
import { part as part2 } from "./conversations-2.test-text.ts";

export const conversationTexts = { ...part1, ...part2 };
