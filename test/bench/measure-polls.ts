import type { ConsoleUnderTest } from '~test/bench/console-under-test'
import { gridSurface, storedDeployId } from '~test/bench/fill'
import { type LoadJob, type LoadRequest, type LoadResult, summarise } from '~test/bench/load'
import type { LoadGenerator } from '~test/bench/load-generator'
import { takeTurns } from '~test/bench/take-turns'

const POLLS = 8_000
/** A server that runs for weeks has compiled its code; one that has just started has not. */
const WARM_UP = 6_000

function query(cookie: string, procedure: string, input?: object): LoadRequest {
  const search = input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify({ json: input }))}`
  return { method: 'GET', path: `/api/trpc/${procedure}${search}`, headers: { cookie }, expect: 200 }
}

/** Polls of deploys all over the history, and of a route that does nothing but answer. */
export async function measurePolls(
  product: ConsoleUnderTest,
  load: LoadGenerator,
  concurrency: number,
  polled: readonly string[],
): Promise<{ readonly product: LoadResult; readonly bare: LoadResult }> {
  const job = (request: (n: number) => LoadRequest): LoadJob => ({
    kind: 'http',
    origin: product.url,
    concurrency,
    warmUp: WARM_UP,
    lanes: Array.from({ length: POLLS + WARM_UP }, (_, n) => [request(n)]),
  })
  return takeTurns(load, {
    product: job((n) => query(product.cookie, 'deploys.get', { id: polled[n % polled.length] ?? '' })),
    bare: job(() => ({ method: 'GET', path: '/api/health', expect: 200 })),
  })
}

export interface Costs {
  readonly poll: number
  readonly grid: number
  readonly history: number
}

const ROUNDS = 5
/** From this deploy on its surface has a whole page of older ones, so that a page is as long at any size. */
const FULL_PAGE_FROM = 650
const PER_ROUND = 250

/**
 * What a poll, the grid and a page of a surface's history cost with `stored` deploys: the median milliseconds of one
 * request at a time, the best of some rounds, in which the three take turns so that a busy moment hits all alike.
 */
export async function measureCosts(product: ConsoleUnderTest, load: LoadGenerator, stored: number): Promise<Costs> {
  // Spread over the whole history, the same way at any size (a multiplicative hash: Knuth, vol. 3, 6.4).
  const anywhere = (n: number, from = 1) => from + ((n * 2_654_435_761) % (stored - from + 1))
  const kinds = {
    poll: (n: number) => query(product.cookie, 'deploys.get', { id: storedDeployId(anywhere(n)) }),
    grid: () => query(product.cookie, 'surfaces.list'),
    history: (n: number) =>
      query(product.cookie, 'deploys.list', {
        surfaceId: gridSurface(n),
        cursor: storedDeployId(anywhere(n, FULL_PAGE_FROM)),
      }),
  }
  const best = { poll: Number.POSITIVE_INFINITY, grid: Number.POSITIVE_INFINITY, history: Number.POSITIVE_INFINITY }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const kind of ['poll', 'grid', 'history'] as const) {
      const lanes = Array.from({ length: PER_ROUND + 50 }, (_, n) => [kinds[kind](round * 1_000 + n)])
      const run = await load.run({ kind: 'http', origin: product.url, concurrency: 1, warmUp: 50, lanes })
      best[kind] = Math.min(best[kind], summarise([run]).p50)
    }
  }
  return best
}
