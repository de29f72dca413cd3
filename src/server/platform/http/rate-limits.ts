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
}

interface Limits {
  readonly rateLimitPerMinute: number | undefined
  readonly rateLimitRefusedPerMinute: number | undefined
}

export const createRateLimits = (limits: Limits): RateLimits => ({
  addresses: createRateLimiter(limits.rateLimitPerMinute),
  accounts: createRateLimiter(limits.rateLimitPerMinute),
  githubReads: createRateLimiter(atMost(GITHUB_READS_PER_MINUTE, limits.rateLimitPerMinute)),
  unsigned: createRateLimiter(limits.rateLimitRefusedPerMinute),
})

/** Undefined: no limit. */
const atMost = (most: number, perMinute: number | undefined) =>
  perMinute === undefined ? undefined : Math.min(most, perMinute)

export interface Limited {
  readonly rateLimits: RateLimits
}

type Sender = { readonly headers: Headers }

/** The seconds after which this address may send another request, or zero. */
export const secondsToWait = ({ rateLimits }: Limited, request: Sender): number =>
  rateLimits.addresses.take(keyOf(request))

/** Throws `rate_limited` if this address has reached its limit. */
export function limitAddress(limited: Limited, request: Sender): void {
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
export function limitUnsigned({ rateLimits }: Limited, request: Sender): void {
  refuseAfter(rateLimits.unsigned.take(keyOf(request)))
}

const keyOf = (request: Sender): string => addressGroup(addressOf(request))

function refuseAfter(seconds: number): void {
  if (seconds === 0) return
  throw new AppError('rate_limited', `Rate limit exceeded. Nothing was done. Try again in ${seconds} s.`, {
    retryAfterSeconds: seconds,
  })
}

/** Number of keys to remember, which takes a few megabytes. Beyond it, the keys unused for longest are forgotten. */
const KEYS = 20_000

const MINUTE_MS = 60_000

interface Bucket {
  readonly tokens: number
  /** Time of a monotonic clock. */
  readonly at: number
}

export interface RateLimiter {
  /** Takes one token: zero if there was one, otherwise the seconds until there is. */
  readonly take: (key: string) => number
}

/**
 * A token bucket per key, in this process's memory: with n replicas a sender gets n times the limit. rate-limiter-flexible is
 * not used, because its memory store keeps a record and a timer for every key, without a bound.
 */
export function createRateLimiter(perMinute: number | undefined, clock = () => performance.now()): RateLimiter {
  if (perMinute === undefined) return { take: () => 0 }
  const buckets = new LRUCache<string, Bucket>({ max: KEYS })
  const level = (key: string): number => {
    const bucket = buckets.get(key)
    if (bucket === undefined) return perMinute
    return Math.min(perMinute, bucket.tokens + ((clock() - bucket.at) * perMinute) / MINUTE_MS)
  }
  return {
    take(key) {
      const tokens = level(key)
      buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: clock() })
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * MINUTE_MS) / perMinute / 1000)
    },
  }
}
