/** ANSI colours, where they are wanted. */
import { plainStyler, type Styler } from "../command/text.ts";

function painted(open: number, close: number): (text: string) => string {
  return (text) => (text === "" ? "" : `\u001b[${open}m${text}\u001b[${close}m`);
}

const colourStyler: Styler = {
  bold: painted(1, 22),
  dim: painted(2, 22),
  red: painted(31, 39),
  yellow: painted(33, 39),
  green: painted(32, 39),
  cyan: painted(36, 39),
};

export interface ColourWish {
  readonly isTty: boolean;
  readonly noColor: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Colour and a progress bar only where a person looks (https://no-color.org for NO_COLOR). */
export function isDecorated(wish: ColourWish): boolean {
  const { NO_COLOR, TERM } = wish.environment;
  const isForbidden =
    wish.noColor || (NO_COLOR !== undefined && NO_COLOR !== "") || TERM === "dumb";
  return wish.isTty && !isForbidden;
}

export function stylerFor(wish: ColourWish): Styler {
  return isDecorated(wish) ? colourStyler : plainStyler;
}
