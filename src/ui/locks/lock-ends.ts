/** Until when a lock holds, as the dialog asks. `kept`: as it is. */
export const LOCK_ENDS = ['kept', 'hour', 'today', 'open'] as const
export type LockEnd = (typeof LOCK_ENDS)[number]

export const endChoice = (end: LockEnd, zone: string): string =>
  ({ kept: 'As it is', hour: 'For 1 hour', today: `Today, until midnight in ${zone}`, open: 'Until it is lifted' })[end]

/** The end that is sent: undefined if it stays, null without one. Midnight is by the reader's clock. */
export function endOf(end: LockEnd, now: number): string | null | undefined {
  if (end === 'kept') return undefined
  if (end === 'open') return null
  if (end === 'hour') return new Date(now + 3_600_000).toISOString()
  const today = new Date(now)
  return new Date(today.getFullYear(), today.getMonth(), today.getDate() + 1).toISOString()
}
