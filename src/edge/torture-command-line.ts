/** In the place of src/torture/command-line.ts: the executable itself, whose host sees to it that no child is left. */
export function commandLine(entry: string): readonly string[] {
  return [entry];
}
