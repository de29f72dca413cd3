import { getDeploy } from '~/server/deploys/read/get-deploy'
import type { Deps } from '~/server/deps'
import type { ConsoleUnderTest } from '~test/bench/console-under-test'
import { GRID_SURFACES, gridSurface, storedDeployId } from '~test/bench/fill'
import { type LoadJob, type LoadRequest, type LoadResult, summarise } from '~test/bench/load'
import type { LoadGenerator } from '~test/bench/load-generator'
import { recordStatements, unprepared, withValues } from '~test/bench/record-statements'
import { takeTurns } from '~test/bench/take-turns'
import { BARE_REQUEST, bareRoute, bareSql, type Size, withOwnDeps } from '~test/bench/yardsticks'

function query(cookie: string, procedure: string, input?: object): LoadRequest {
  const search = input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify(input))}`
  return { method: 'GET', path: `/api/trpc/${procedure}${search}`, headers: { cookie }, expect: 200 }
}

/** The dialog's poll when it has no answer yet, or when the deploy has changed. */
const wholePoll = (product: ConsoleUnderTest, id: string): LoadRequest => query(product.cookie, 'deploys.get', { id })

/** The dialog's poll when it already has the latest answer. */
async function knowingPoll(product: ConsoleUnderTest, id: string): Promise<LoadRequest> {
  const whole = wholePoll(product, id)
  const answer = await fetch(`${product.url}${whole.path}`, { headers: { ...whole.headers } })
  await answer.text()
  const version = answer.headers.get('etag')
  if (version === null) throw new Error(`The poll of ${id} was answered ${answer.status}, without a version.`)
  return { ...whole, headers: { ...whole.headers, 'if-none-match': version }, expect: 304 }
}

async function knowingPolls(product: ConsoleUnderTest, ids: readonly string[]): Promise<LoadRequest[]> {
  const polls: LoadRequest[] = []
  for (const id of ids) polls.push(await knowingPoll(product, id))
  return polls
}

/** The n-th item of the list, repeated without end. */
function turn<Item>(items: readonly Item[], n: number): Item {
  const item = items[n % items.length]
  if (item === undefined) throw new Error('There is nothing to choose from.')
  return item
}

export interface PollFigures {
  /** Polls of an unchanged deploy: a window without a live stream polls every two seconds, and usually nothing has changed. */
  readonly nothingNew: LoadResult
  readonly whole: LoadResult
  readonly wholeSql: LoadResult
  readonly bare: LoadResult
}

/** Polls of these deploys, and the yardsticks. */
export async function measurePolls(
  product: ConsoleUnderTest,
  load: LoadGenerator,
  size: Size,
  polled: readonly string[],
): Promise<PollFigures> {
  const all = size.count + size.warmUp
  const polls = (requests: readonly LoadRequest[]): LoadJob => ({
    kind: 'http',
    origin: product.url,
    concurrency: size.concurrency,
    warmUp: size.warmUp,
    lanes: Array.from({ length: all }, (_, n) => [turn(requests, n)]),
  })
  const [template = ''] = polled
  const sqlOf = async (ask: (deps: Deps) => Promise<unknown>): Promise<LoadJob> => {
    const recorded = await withOwnDeps(product, (deps) => recordStatements(() => ask(deps)))
    return bareSql(product, size, (n) => [unprepared(withValues(recorded, new Map([[template, turn(polled, n)]])))])
  }
  return takeTurns(load, {
    nothingNew: polls(await knowingPolls(product, polled)),
    whole: polls(polled.map((id) => wholePoll(product, id))),
    wholeSql: await sqlOf((deps) => getDeploy(deps, template)),
    bare: bareRoute(product, size),
  })
}

export interface Cost {
  /** Milliseconds of one request at a time: the lowest median of all rounds. */
  readonly ms: number
  /** The ratio to the bare route, because the machine's speed may change between measurements. */
  readonly overBare: number
}

export interface Costs {
  /** Polls of the newest deploys, which are the ones that windows follow. */
  readonly poll: Cost
  readonly wholePoll: Cost
  /** Polls of deploys from all over the history. None of them was read recently. */
  readonly oldPoll: Cost
  readonly grid: Cost
  readonly history: Cost
}

export interface CostSizes {
  readonly rounds: number
  readonly perRound: number
  /** Uncounted requests of each kind. */
  readonly warm: number
  readonly compiledAfter: number
  /** The number of deploys in the last hours of a busy console. */
  readonly newest: number
}

const NEVER = Number.POSITIVE_INFINITY
/** From this deploy of a surface on, there is a full page of older deploys, so that a page has the same length at any size. */
const FULL_PAGE_FROM = 54
/** An offset for the warm-up, so that the measured rows have not been read just before. */
const ELSEWHERE = 100_000

/** Measures polls, the grid and a page of a surface's history with `stored` deploys, each kind in turn in every round. */
export async function measureCosts(
  product: ConsoleUnderTest,
  load: LoadGenerator,
  stored: number,
  { rounds, perRound, warm, compiledAfter, newest: newestCount }: CostSizes,
  surfaces = GRID_SURFACES,
): Promise<Costs> {
  // Spread evenly over the whole history at any size (a multiplicative hash: Knuth, vol. 3, 6.4).
  const anywhere = (n: number, from = 1) => storedDeployId(from + ((n * 2_654_435_761) % (stored - from + 1)))
  const newest = Array.from({ length: newestCount }, (_, n) => storedDeployId(stored - n))
  const knowing = await knowingPolls(product, newest)
  const kinds: Readonly<Record<keyof Costs, (n: number) => readonly LoadRequest[]>> = {
    poll: (n) => [turn(knowing, n)],
    wholePoll: (n) => [wholePoll(product, turn(newest, n))],
    oldPoll: (n) => [wholePoll(product, anywhere(n))],
    grid: () => [query(product.cookie, 'surfaces.list')],
    history: (n) => [
      query(product.cookie, 'deploys.list', {
        surfaceId: gridSurface(n, surfaces),
        cursor: anywhere(n, FULL_PAGE_FROM * surfaces),
      }),
    ],
  }
  const names = Object.keys(kinds) as (keyof Costs)[]
  const median = async (concurrency: number, count: number, request: (n: number) => readonly LoadRequest[]) => {
    const lanes = Array.from({ length: warm + count }, (_, n) => request(n))
    return summarise([await load.run({ kind: 'http', origin: product.url, concurrency, warmUp: warm, lanes })]).p50
  }
  // Without this warm-up, the second of two measurements would be faster, because the server has compiled more code by then.
  for (const name of names) await median(10, compiledAfter, (n) => kinds[name](ELSEWHERE + n))
  const best = { bare: NEVER, poll: NEVER, wholePoll: NEVER, oldPoll: NEVER, grid: NEVER, history: NEVER }
  for (let round = 0; round < rounds; round += 1) {
    best.bare = Math.min(best.bare, await median(1, perRound, () => [BARE_REQUEST]))
    for (const name of names) {
      best[name] = Math.min(best[name], await median(1, perRound, (n) => kinds[name](round * 1_000 + n)))
    }
  }
  const cost = (name: keyof Costs): Cost => ({ ms: best[name], overBare: best[name] / best.bare })
  return {
    poll: cost('poll'),
    wholePoll: cost('wholePoll'),
    oldPoll: cost('oldPoll'),
    grid: cost('grid'),
    history: cost('history'),
  }
}
