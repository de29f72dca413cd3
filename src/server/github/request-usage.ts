import 'server-only'
import type { KindUsage, RateLimit, RequestKind } from '~/domain/github/rate-limit'
import { classifyConditional } from '~/server/github/answers'
import type { Fetch } from '~/server/github/conditional-fetch'
import type { GitHubRateLimit } from '~/server/github/rate-limit'
import type { Database } from '~/server/platform/database'
import type { Metrics } from '~/server/platform/metrics'
import { inSpan } from '~/server/platform/tracing'

/** The store through which processes share their request counts and GitHub's rate limit. */
export interface UsageStore {
  readonly addUsage: (hour: Date, counts: readonly KindUsage[]) => Promise<void>
  /** Stores the newer of the given and the stored rate limit, and returns it. */
  readonly exchangeRateLimit: (known: RateLimit | null) => Promise<RateLimit | null>
}

export interface RequestUsage {
  readonly count: (method: string, url: string, status: number) => void
  /** This process's requests in the current clock hour that GitHub counted, the most frequent kind first. */
  readonly counted: () => Readonly<Record<string, number>>
  /** Writes the pending counts at once. Without a call they are written within ten seconds. */
  readonly flush: () => Promise<void>
}

const FLUSH_MS = 10_000
const HOUR_MS = 3_600_000

interface Count {
  requests: number
  unchanged: number
}

/** The first matching entry counts. */
const KINDS: readonly (readonly [RequestKind, method: string, path: RegExp])[] = [
  ['dispatch', 'POST', /\/dispatches$/],
  ['cancel', 'POST', /\/cancel$/],
  ['lookup', 'GET', /\/runs\?.*\bcreated=/],
  ['runs', 'GET', /\/actions\/(workflows\/[^/]+\/)?runs(\?|$)/],
  ['run', 'GET', /\/actions\/runs\/\d+/],
  ['run', 'GET', /\/actions\/concurrency_groups\//],
  ['log', 'GET', /\/actions\/jobs\/\d+\/logs$/],
  ['deployment', 'GET', /\/deployments\b/],
  ['deployment', 'POST', /\/deployments\b/],
  ['variable', 'GET', /\/actions\/variables\//],
  ['workflow', 'GET', /\/contents\/\.github\/workflows\//],
  ['ref', 'GET', /\/git\/(ref|tags)\//],
  ['compare', 'GET', /\/compare\//],
  ['commit', 'GET', /\/commits\/[0-9a-f]{40}$/],
  ['checks', 'GET', /\/commits\/[^/]+\/(check-runs|status)/],
  ['choices', 'GET', /\/(branches|tags|commits|matching-refs)\b/],
]

/** The kind of a request, by its method and address. */
export function kindOfRequest(method: string, url: string): RequestKind {
  return KINDS.find(([, of, path]) => of === method && path.test(url))?.[0] ?? 'other'
}

/** Counts each answered request, and measures each request for the metrics. */
export const countRequests =
  (
    send: Fetch,
    usage: Pick<RequestUsage, 'count'>,
    metrics?: Pick<Metrics, 'githubRequests' | 'githubSeconds'>,
  ): Fetch =>
  async (url, init) => {
    const method = init.method ?? 'GET'
    const kind = kindOfRequest(method, url)
    const measure = metrics?.githubSeconds.startTimer({ kind })
    let answer = 'none'
    try {
      return await inSpan(
        `GitHub ${kind}`,
        { kind: 'client', attributes: { 'http.request.method': method } },
        async (note) => {
          const response = await send(url, init)
          const { status } = response
          answer = classifyConditional(status) === 'unchanged' ? '304' : `${Math.floor(status / 100)}xx`
          usage.count(method, url, status)
          note({ 'http.response.status_code': status })
          return response
        },
      )
    } finally {
      measure?.()
      metrics?.githubRequests.inc({ kind, answer })
    }
  }

/** Without a store, requests are counted for this process alone. */
export function createUsage(
  rateLimit: Pick<GitHubRateLimit, 'latest' | 'learn'>,
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
      const stored = await store.exchangeRateLimit(rateLimit.latest())
      if (stored !== null) rateLimit.learn(stored)
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
      // The timer must not keep the process alive. Counts that are pending at its end are lost.
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

export async function addUsage(db: Database, hour: Date, counts: readonly KindUsage[]): Promise<void> {
  await db.$transaction(
    counts.map(({ kind, requests, unchanged }) =>
      db.gitHubUsage.upsert({
        where: { hour_kind: { hour, kind } },
        create: { hour, kind, requests, unchanged },
        update: { requests: { increment: requests }, unchanged: { increment: unchanged } },
      }),
    ),
  )
}

export async function exchangeRateLimit(
  db: Database,
  credentials: string,
  known: RateLimit | null,
): Promise<RateLimit | null> {
  const stored = await findRateLimit(db, credentials)
  if (known === null || (stored !== null && stored.notedAt >= known.notedAt)) return stored
  await db.gitHubRateLimit.upsert({ where: { credentials }, create: { credentials, ...known }, update: known })
  return known
}

export function findRateLimit(db: Database, credentials: string): Promise<RateLimit | null> {
  return db.gitHubRateLimit.findUnique({ where: { credentials }, omit: { credentials: true } })
}

/** The counts by kind, from a clock hour on. */
export async function sumUsage(db: Database, since: Date) {
  const rows = await db.gitHubUsage.groupBy({
    by: ['kind'],
    where: { hour: { gte: since } },
    _sum: { requests: true, unchanged: true },
  })
  return new Map(rows.map(({ kind, _sum }) => [kind, { requests: _sum.requests ?? 0, unchanged: _sum.unchanged ?? 0 }]))
}

const KEPT_MS = 7 * 24 * 3_600_000

export async function forgetUsage(db: Database, now: Date): Promise<void> {
  await db.gitHubUsage.deleteMany({ where: { hour: { lt: new Date(now.getTime() - KEPT_MS) } } })
}
