/**
 * The console's clock: the local clock, corrected by the server's last answer. "12 s ago" is a difference between two
 * clocks, and an operator's laptop may be minutes off.
 */
let offset = 0

/** Smaller differences are latency. Correcting them would make the numbers jump. */
const NOISE_MS = 2_000

export function noteServerTime(serverNow: string, localNow: number = Date.now()): void {
  const difference = Date.parse(serverNow) - localNow
  if (Number.isFinite(difference)) offset = Math.abs(difference) < NOISE_MS ? 0 : difference
}

/** Converts a local time to the console's clock. */
export function consoleTime(local: number): number {
  return local + offset
}

export function consoleNow(): number {
  return consoleTime(Date.now())
}
