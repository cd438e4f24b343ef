/** The deliberate bugs, and in how many seeds each is found. */
export function runMutants(_from: number, _seeds: number, _print: (line: string) => void): number {
  return 0;
}
