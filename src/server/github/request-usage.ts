import 'server-only'
import type { KindUsage, RequestKind, Standing } from '~/domain/github/budget'
import { classifyConditional } from '~/server/github/answers'
import type { Fetch } from '~/server/github/conditional-fetch'
import type { RequestBudget } from '~/server/github/request-budget'

/** Where requests are counted for all processes, and each learns what GitHub said to another. */
export interface UsageStore {
  readonly addUsage: (hour: Date, counts: readonly KindUsage[]) => Promise<void>
  /** Keeps the newer of what is given and what is stored, and gives what is stored then. */
  readonly exchangeStanding: (known: Standing | null) => Promise<Standing | null>
}

export interface RequestUsage {
  readonly count: (method: string, url: string, status: number) => void
  /** What this process asked for in the present hour of the clock and was counted by GitHub, most first. */
  readonly counted: () => Readonly<Record<string, number>>
  /** Writes what was not written yet. It does so by itself within ten seconds. */
  readonly flush: () => Promise<void>
}

const FLUSH_MS = 10_000
const HOUR_MS = 3_600_000

interface Count {
  requests: number
  unchanged: number
}

/** The first that fits. */
const KINDS: readonly (readonly [RequestKind, method: string, path: RegExp])[] = [
  ['dispatch', 'POST', /\/dispatches$/],
  ['cancel', 'POST', /\/cancel$/],
  ['lookup', 'GET', /\/runs\?.*\bcreated=/],
  ['runs', 'GET', /\/actions\/(workflows\/[^/]+\/)?runs(\?|$)/],
  ['run', 'GET', /\/actions\/runs\/\d+/],
  ['variable', 'GET', /\/actions\/variables\//],
  ['ref', 'GET', /\/git\/(ref|tags)\//],
  ['compare', 'GET', /\/compare\//],
  ['checks', 'GET', /\/commits\/[^/]+\/(check-runs|status)/],
  ['choices', 'GET', /\/(branches|tags|commits|matching-refs)\b/],
]

/** What a request is for, by its method and address. */
export function kindOfRequest(method: string, url: string): RequestKind {
  return KINDS.find(([, of, path]) => of === method && path.test(url))?.[0] ?? 'other'
}

/** Counts each request that is answered. */
export const countRequests =
  (send: Fetch, usage: Pick<RequestUsage, 'count'>): Fetch =>
  async (url, init) => {
    const response = await send(url, init)
    usage.count(init.method ?? 'GET', url, response.status)
    return response
  }

/** Without a store, requests are counted for this process alone. */
export function createUsage(
  budget: Pick<RequestBudget, 'standing' | 'learn'>,
  onError: (error: unknown) => void,
  store?: UsageStore,
): RequestUsage {
  let hour = 0
  let counts = new Map<RequestKind, Count>()
  let unwritten = new Map<number, Map<RequestKind, Count>>()
  let isDue = false

  const flush = async () => {
    if (store === undefined || unwritten.size === 0) return
    const writing = unwritten
    unwritten = new Map()
    try {
      for (const [at, kinds] of writing) {
        await store.addUsage(
          new Date(at),
          [...kinds].map(([kind, count]) => ({ kind, ...count })),
        )
        writing.delete(at)
      }
      const standing = await store.exchangeStanding(budget.standing())
      if (standing !== null) budget.learn(standing)
    } catch (error) {
      onError(error)
      for (const [at, kinds] of writing) for (const [kind, count] of kinds) addTo(unwritten, at, kind, count)
    }
  }

  return {
    count(method, url, status) {
      const now = Date.now()
      const at = now - (now % HOUR_MS)
      if (at !== hour) counts = new Map()
      hour = at
      const one = { requests: 1, unchanged: classifyConditional(status) === 'unchanged' ? 1 : 0 }
      const kind = kindOfRequest(method, url)
      add(counts, kind, one)
      addTo(unwritten, at, kind, one)
      if (isDue || store === undefined) return
      isDue = true
      // It keeps no process alive: what is not written when one ends was not counted.
      setTimeout(() => {
        isDue = false
        void flush()
      }, FLUSH_MS).unref()
    },
    counted: () => {
      const paid = [...counts].map(([kind, { requests, unchanged }]) => [kind, requests - unchanged] as const)
      return Object.fromEntries(paid.filter(([, n]) => n > 0).toSorted(([, a], [, b]) => b - a))
    },
    flush,
  }
}

function addTo(hours: Map<number, Map<RequestKind, Count>>, at: number, kind: RequestKind, more: Count): void {
  const kinds = hours.get(at) ?? new Map<RequestKind, Count>()
  hours.set(at, kinds)
  add(kinds, kind, more)
}

function add(kinds: Map<RequestKind, Count>, kind: RequestKind, more: Count): void {
  const { requests, unchanged } = kinds.get(kind) ?? { requests: 0, unchanged: 0 }
  kinds.set(kind, { requests: requests + more.requests, unchanged: unchanged + more.unchanged })
}
