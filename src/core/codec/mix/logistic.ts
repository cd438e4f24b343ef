/**
 * The logistic function and its inverse as tables. `squash` takes a log-odds in
 * 256ths, -2048 to 2047, to a probability in 65536ths; `stretch` goes back, from
 * the upper 12 bits. Both are filled from 33 points by integer arithmetic, so that
 * every runtime holds the same numbers; the points are wire format.
 */

/** round(65536 / (1 + e^-x)) for x = -8, -7.5 ... 8. */
const points = [
  22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743, 32768,
  40793, 47911, 53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476,
  65500, 65514,
] as const;

const pointStep = 128;

export const logOddsLimit = 2047;

export const squashTable = new Uint16Array(4096);
export const stretchTable = new Int16Array(4096);

for (let i = 0; i < 4096; i++) {
  const at = i >> 7;
  const low = points[at] ?? 0;
  const high = points[at + 1] ?? 0;
  squashTable[i] = low + (((high - low) * (i & (pointStep - 1)) + pointStep / 2) >> 7);
}
let odds = 0;
for (let p = 0; p < 4096; p++) {
  while (odds < 4095 && (squashTable[odds] ?? 0) < p * 16 + 8) odds++;
  stretchTable[p] = odds - 2048;
}
