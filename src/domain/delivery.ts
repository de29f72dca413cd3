/** The row of `SLACK_WEBHOOK_URL`, which a migration made. Its address is in the configuration. */
export const CONFIGURED_CHANNEL = '00000000-0000-7000-8000-000000000001'

export const CHANNEL_KINDS = ['slack', 'webhook'] as const
export type ChannelKind = (typeof CHANNEL_KINDS)[number]

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Before each further attempt. All of them together last a day. */
export const RETRY_PAUSES_MS: readonly number[] = [
  ...[10_000, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE],
  ...[HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 8 * HOUR],
]

/** When an attempt that failed is repeated; null after the last one. */
export function nextTry(attempts: number, now: Date): Date | null {
  const pause = RETRY_PAUSES_MS[attempts - 1]
  return pause === undefined ? null : new Date(now.getTime() + pause)
}

/** What is kept of an error. */
export const LAST_ERROR_LENGTH = 300
