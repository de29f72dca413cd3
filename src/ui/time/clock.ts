/**
 * The console's clock, as the browser sees it: the local clock corrected by what the server last said.
 * "12 s ago" is a difference between two clocks; an operator's laptop that is minutes off must not invent one.
 */
let offset = 0

/** Half a poll of latency is not worth correcting, and would make the numbers jump. */
const NOISE_MS = 2_000

export function noteServerTime(serverNow: string, localNow: number = Date.now()): void {
  const difference = Date.parse(serverNow) - localNow
  if (Number.isFinite(difference)) offset = Math.abs(difference) < NOISE_MS ? 0 : difference
}

/** A moment of the local clock, as the console would have told it. */
export function consoleTime(local: number): number {
  return local + offset
}

export function consoleNow(): number {
  return consoleTime(Date.now())
}
