import 'server-only'
import type { Actor } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import { addressGroup } from '~/server/platform/http/client-address'
import { addressOf } from '~/server/platform/http/guard'
import { createRateLimiter, type RateLimiter } from '~/server/platform/http/rate-limiter'

/** What GitHub is asked only for somebody to see it: the choice of refs, and the review of one. */
const GITHUB_READS_PER_MINUTE = 60

export interface RateLimits {
  /** All requests of an address, but for those of workflows. */
  readonly addresses: RateLimiter
  /** All requests of an account, wherever it is used from. */
  readonly accounts: RateLimiter
  /** What an account has looked up at GitHub. */
  readonly githubReads: RateLimiter
  /** What an address sent to a signed route without a signature that holds. */
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

/** Undefined stays what it is: no limit. */
const atMost = (most: number, perMinute: number | undefined) =>
  perMinute === undefined ? undefined : Math.min(most, perMinute)

export interface Limited {
  readonly rateLimits: RateLimits
}

type Sender = { readonly headers: Headers }

/** Zero, or the seconds after which this address may ask again. */
export const secondsToWait = ({ rateLimits }: Limited, request: Sender): number =>
  rateLimits.addresses.take(keyOf(request))

/** Throws `rate_limited` when this address has asked too often. */
export function limitAddress(limited: Limited, request: Sender): void {
  refuseAfter(secondsToWait(limited, request))
}

/** The actor, unless the account behind it has asked too often, from wherever it did. Throws `rate_limited`. */
export function limitAccount({ rateLimits }: Limited, actor: Actor): Actor {
  refuseAfter(rateLimits.accounts.take(actor.userId))
  return actor
}

/** Throws `rate_limited` when this account has looked up too much at GitHub; all else it may go on doing. */
export function limitGitHubReads({ rateLimits }: Limited, actor: Actor): void {
  refuseAfter(rateLimits.githubReads.take(actor.userId))
}

/**
 * For a request to a signed route whose signature did not hold: throws `rate_limited` when this address has sent too many
 * of them. What is signed never counts and is never refused for what others send from the same address.
 */
export function limitUnsigned({ rateLimits }: Limited, request: Sender): void {
  refuseAfter(rateLimits.unsigned.take(keyOf(request)))
}

const keyOf = (request: Sender): string => addressGroup(addressOf(request))

function refuseAfter(seconds: number): void {
  if (seconds === 0) return
  throw new AppError('rate_limited', `Too many requests. Nothing was read of this one. Try again in ${seconds} s.`, {
    retryAfterSeconds: seconds,
  })
}
