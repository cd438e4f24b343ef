/** How a failure is shown: two lines for a person, one JSON object for a script. */
import type { ZamError } from "../core/errors/zam-error.ts";
import { printable, type Styler } from "./text.ts";

export function errorToText(error: ZamError, style: Styler): string {
  const head = `${style.red(style.bold(`error ${error.code}`))}  ${printable(error.message)}`;
  const hint = error.hint === "" ? "" : `\n${style.cyan("hint:")} ${printable(error.hint)}`;
  return head + hint;
}

export function errorToJson(error: ZamError): object {
  return {
    error: {
      code: error.code,
      message: error.message,
      hint: error.hint,
      context: error.context,
    },
  };
}
