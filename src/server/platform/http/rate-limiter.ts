import 'server-only'
import { LRUCache } from 'lru-cache'

/** So many keys are remembered; more make the ones unused for longest start afresh. A few megabytes. */
const KEYS = 20_000

const MINUTE_MS = 60_000

interface Bucket {
  readonly tokens: number
  /** Of the clock that never goes back. */
  readonly at: number
}

export interface RateLimiter {
  /** Zero when one more may go on; else the seconds after which it may. */
  readonly take: (key: string) => number
}

/**
 * A token bucket per key: a minute's worth at once, refilled evenly. In the memory of this process: with n replicas a
 * sender gets n times as much. Not rate-limiter-flexible, whose memory store keeps a record and a timer for each key a
 * sender can think of, without a bound.
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
