import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'

/** As in src/ui/live/follow-changes.ts. */
const AGAIN_MS = 500
const RETRY_MS = 10_000

export interface Followed {
  /** The times without a stream, in milliseconds. */
  readonly losses: readonly number[]
}

/** Follows changes as a window does, and returns again after each end. */
export function followStream(url: string, { cookie, person }: { readonly cookie: string; readonly person: string }) {
  const stopping = new AbortController()
  const { signal } = stopping
  let lastEventId: string | null = null
  let lostAt: number | null = null
  const losses: number[] = []
  let asked = 0

  /** Reads one stream. Returns whether it ended with the event by which the server asks to come back. */
  const read = async (): Promise<boolean> => {
    const input = encodeURIComponent(JSON.stringify({ person, lastEventId }))
    const answer = await fetch(`${url}/api/trpc/live.watch?input=${input}`, { headers: { cookie }, signal })
    if (answer.status !== 200 || answer.body === null) return false
    for await (const line of createInterface({ input: Readable.from(answer.body) })) {
      if (line.startsWith('event: return')) return true
      if (!line.startsWith('id: ')) continue
      lastEventId = line.slice('id: '.length)
      if (lostAt !== null) losses.push(performance.now() - lostAt)
      lostAt = null
    }
    return false
  }
  const following = (async () => {
    while (!signal.aborted) {
      const isAsked = await read().catch(() => false)
      if (signal.aborted) break
      lostAt ??= performance.now()
      await pause(isAsked ? AGAIN_MS * (1 + Math.random()) : RETRY_MS, undefined, { signal }).catch(() => undefined)
    }
  })()
  return {
    isLost: () => lostAt !== null,
    /** Since the last question. */
    takeLongestLoss: () => {
      const taken = Math.max(0, ...losses.slice(asked))
      asked = losses.length
      return taken
    },
    stop: async (): Promise<Followed> => {
      if (lostAt !== null) losses.push(performance.now() - lostAt)
      stopping.abort()
      await following
      return { losses }
    },
  }
}
