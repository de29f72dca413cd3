/** The channel of `SLACK_WEBHOOK_URL`. A migration creates the row; the address is in the configuration. */
export const CONFIGURED_CHANNEL = '00000000-0000-7000-8000-000000000001'

export const CHANNEL_KINDS = ['webhook', 'slack'] as const
export type ChannelKind = (typeof CHANNEL_KINDS)[number]

export const isChannelKind = (kind: string): kind is ChannelKind => CHANNEL_KINDS.some((known) => known === kind)

/** `ended`: how the deploy ended. `unhealthy`: its surface turned unhealthy soon after. */
export const DELIVERY_EVENTS = ['ended', 'unhealthy'] as const
export type DeliveryEvent = (typeof DELIVERY_EVENTS)[number]

interface ChannelFacts {
  /** On the page. */
  readonly word: string
  /** In the form that adds a channel. */
  readonly option: string
  readonly exampleUrl: string
  /** Whether the console signs deliveries. The secret is shown once. */
  readonly signed: boolean
  /** Whether the receiver can recognise a duplicate. If not, an attempt with an unknown outcome is not repeated. */
  readonly knowsDuplicates: boolean
}

/** What is true of each kind of channel. The senders are in `server/deliveries/send/deliver.ts`. */
export const CHANNELS: Readonly<Record<ChannelKind, ChannelFacts>> = {
  webhook: {
    word: 'Signed webhook',
    option: 'Signed webhook',
    exampleUrl: 'https://hooks.example.com/deploys',
    signed: true,
    knowsDuplicates: true,
  },
  slack: {
    word: 'Slack',
    option: 'Slack incoming webhook',
    exampleUrl: 'https://hooks.slack.com/services/…',
    signed: false,
    knowsDuplicates: false,
  },
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** The pause before each further attempt; together, one day. */
export const RETRY_PAUSES_MS: readonly number[] = [
  ...[10_000, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE],
  ...[HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 8 * HOUR],
]

/** The longest pause that a receiver may ask for. */
const ASKED_WAIT_MOST_MS = HOUR

/** The time of the next attempt, never before the time that the receiver asked for. Null after the last attempt. */
export function nextTry(attempts: number, now: Date, askedWaitMs = 0): Date | null {
  const pause = RETRY_PAUSES_MS[attempts - 1]
  if (pause === undefined) return null
  return new Date(now.getTime() + Math.max(pause, Math.min(askedWaitMs, ASKED_WAIT_MOST_MS)))
}

/** The part of an error that is stored. */
export const LAST_ERROR_LENGTH = 300

/** A limit, because each outcome causes one delivery, one job and one request per channel. */
export const CHANNELS_AT_MOST = 20

export type DeliveryState = 'waiting' | 'sending' | 'sent' | 'failed' | 'unknown' | 'dropped'

/** A delivery as the page shows it. */
export interface DeliveryView {
  readonly id: string
  /** An unknown state is shown as stored. */
  readonly state: string
  readonly attempts: number
  readonly lastStatus: number | null
  readonly lastError: string | null
  readonly nextTryAt: string | null
  readonly updatedAt: string
  /** What is told. An unknown event is shown as the outcome. */
  readonly event: string
  /** Null: a test. */
  readonly deploy: { readonly id: string; readonly surface: string; readonly status: string } | null
}

/** A channel as the page shows it: everything but its address and its secret. */
export interface ChannelView {
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly host: string
  readonly enabled: boolean
  /** Set by `SLACK_WEBHOOK_URL`: the page shows it and cannot change it. */
  readonly configured: boolean
  readonly createdBy: string
  readonly createdAt: string
  /** The last ones, newest first. */
  readonly deliveries: readonly DeliveryView[]
}
