import 'server-only'
import { LRUCache } from 'lru-cache'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { addressGroup, addressOf } from '~/server/platform/http/guard'

/** Limit of requests to GitHub for the choice of refs and the review. */
const GITHUB_READS_PER_MINUTE = 60

export interface RateLimits {
  /** Requests per address, without those of workflows. */
  readonly addresses: RateLimiter
  /** Requests per account, from all addresses. */
  readonly accounts: RateLimiter
  /** Reads from GitHub per account. */
  readonly githubReads: RateLimiter
  /** Requests per address to signed routes with an invalid signature. */
  readonly unsigned: RateLimiter
  /** Requests per badge or feed, from all addresses. */
  readonly embeds: RateLimiter
}

interface Limits {
  readonly rateLimitPerMinute: number | undefined
  readonly rateLimitRefusedPerMinute: number | undefined
}

/** Counts time that a sender has used at the limit, for all replicas. Returns how far ahead of now the sender has used it. */
export type SharedRate = (key: string, spentMs: number) => Promise<number>

/** Without `shared`, this process counts alone. */
export function createRateLimits(limits: Limits, shared?: SharedRate): RateLimits {
  const telling = new Set<object>()
  const limiter = (name: string, perMinute: number | undefined) =>
    createRateLimiter(perMinute, {
      telling,
      ...(shared === undefined ? {} : { shared: (key: string, spentMs: number) => shared(`${name}:${key}`, spentMs) }),
    })
  return {
    addresses: limiter('address', limits.rateLimitPerMinute),
    accounts: limiter('account', limits.rateLimitPerMinute),
    githubReads: limiter('github', atMost(GITHUB_READS_PER_MINUTE, limits.rateLimitPerMinute)),
    unsigned: limiter('unsigned', limits.rateLimitRefusedPerMinute),
    embeds: limiter('embed', limits.rateLimitPerMinute),
  }
}

/** Undefined: no limit. */
const atMost = (most: number, perMinute: number | undefined) =>
  perMinute === undefined ? undefined : Math.min(most, perMinute)

export interface Limited {
  readonly rateLimits: RateLimits
}

type Asking = { readonly headers: Headers }

/** The seconds after which this address may send another request, or zero. */
export const secondsToWait = ({ rateLimits }: Limited, request: Asking): number =>
  rateLimits.addresses.take(keyOf(request))

/** Throws `rate_limited` if this address has reached its limit. */
export function limitAddress(limited: Limited, request: Asking): void {
  refuseAfter(secondsToWait(limited, request))
}

/** Returns the actor. Throws `rate_limited` if the actor's account has reached its limit. */
export function limitAccount({ rateLimits }: Limited, actor: Actor): Actor {
  refuseAfter(rateLimits.accounts.take(actor.userId))
  return actor
}

/** Throws `rate_limited` if this account has reached its limit of reads from GitHub. */
export function limitGitHubReads({ rateLimits }: Limited, actor: Actor): void {
  refuseAfter(rateLimits.githubReads.take(actor.userId))
}

/**
 * Counts a request with an invalid signature. Throws `rate_limited` if its address has sent too many. Signed requests are not
 * counted, so a workflow is never refused because of others at its address.
 */
export function limitUnsigned({ rateLimits }: Limited, request: Asking): void {
  refuseAfter(rateLimits.unsigned.take(keyOf(request)))
}

/**
 * Throws `rate_limited` if this badge or feed has reached its limit. Its signature must have been verified. A wall of badges counts
 * for no address, so it keeps nobody out of the console.
 */
export function limitEmbed({ rateLimits }: Limited, id: string): void {
  refuseAfter(rateLimits.embeds.take(id))
}

const keyOf = (request: Asking): string => addressGroup(addressOf(request))

function refuseAfter(seconds: number): void {
  if (seconds === 0) return
  throw new AppError('rate_limited', `Rate limit exceeded. Nothing was done. Try again in ${seconds} s.`, {
    retryAfterSeconds: seconds,
  })
}

/** Number of keys to remember, which takes a few megabytes. Beyond it, the keys unused for longest are forgotten. */
const KEYS = 20_000

const MINUTE_MS = 60_000

interface Sender {
  /** Time of a monotonic clock until which the rate is used: each request moves it by the time that one request takes at the limit. */
  usedUntil: number
  /** Requests of the last minute that the other replicas do not know of. */
  untold: number
  /** When the first of them may have come. */
  untoldSince: number
}

export interface RateLimiter {
  /** Counts a request: zero if it may proceed, otherwise the seconds until the next one may. */
  readonly take: (key: string) => number
}

/** A sender's requests are told to the other replicas when they are this part of the limit. Most senders never reach it. */
const TOLD_PART = 1 / 20
/** At most as many tellings at once of all limiters, so that a flood from many addresses does not use up the database's connections. */
const TELLINGS = 2

interface Options {
  readonly clock?: () => number
  readonly shared?: SharedRate
  /** The senders that are being told to the other replicas. */
  readonly telling?: Set<object>
}

/**
 * The requests of a minute at once, then evenly (GCRA, with one time for each key). Counts in this process's memory and never waits for the
 * database. Replicas tell each other in steps, so with n of them a sender gets at most n twentieths of the limit more in a minute. While
 * the database is away, each process limits on its own (docs/adr/050).
 */
export function createRateLimiter(
  perMinute: number | undefined,
  { clock = () => performance.now(), shared, telling = new Set() }: Options = {},
): RateLimiter {
  if (perMinute === undefined) return { take: () => 0 }
  // Made by the first request: its place is taken at once, and a worker counts none.
  let senders: LRUCache<string, Sender> | undefined
  const oneMs = MINUTE_MS / perMinute
  const toldFrom = Math.max(1, Math.floor(perMinute * TOLD_PART))

  const tell = async (key: string, sender: Sender, add: SharedRate): Promise<void> => {
    const told = sender.untold
    sender.untold = 0
    sender.untoldSince = clock()
    telling.add(sender)
    try {
      const ahead = await add(key, told * oneMs)
      sender.usedUntil = Math.max(sender.usedUntil, clock() + ahead + sender.untold * oneMs)
    } catch {
      // The next request tries again.
      sender.untold += told
    } finally {
      telling.delete(sender)
    }
  }
  return {
    take(key) {
      const now = clock()
      senders ??= new LRUCache<string, Sender>({ max: KEYS })
      const sender = senders.get(key) ?? { usedUntil: now, untold: 0, untoldSince: now }
      senders.set(key, sender)
      sender.usedUntil = Math.max(sender.usedUntil, now)
      if (now - sender.untoldSince >= MINUTE_MS) {
        sender.untold = 0
        sender.untoldSince = now
      }
      const wait = sender.usedUntil + oneMs - now - MINUTE_MS
      if (wait > ROUNDING_MS) return Math.ceil(wait / 1000)
      sender.usedUntil += oneMs
      sender.untold += 1
      if (shared !== undefined && sender.untold >= toldFrom && !telling.has(sender) && telling.size < TELLINGS) {
        void tell(key, sender, shared)
      }
      return 0
    },
  }
}

/** The sum of many small times is not exact. */
const ROUNDING_MS = 0.001
