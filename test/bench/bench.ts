import { parseArgs } from 'node:util'
import pg from 'pg'
import { type ConsoleUnderTest, startConsoleUnderTest } from '~test/bench/console-under-test'
import { fillDeploys, fillRecords, insertGridSurfaces, settle, storedDeployId } from '~test/bench/fill'
import { type LoadGenerator, startLoadGenerator } from '~test/bench/load-generator'
import { measureCallbacks } from '~test/bench/measure-callbacks'
import { measureDispatches } from '~test/bench/measure-dispatches'
import { measureGrid } from '~test/bench/measure-grid'
import { measureLog } from '~test/bench/measure-log'
import { measurePainted } from '~test/bench/measure-painted'
import { measureCosts, measurePolls } from '~test/bench/measure-polls'
import { measureProber } from '~test/bench/measure-prober'
import { measureRest } from '~test/bench/measure-rest'
import { measureWebhooks } from '~test/bench/measure-webhooks'
import { measureWindows } from '~test/bench/measure-windows'
import { asJson, asTable, type Figures } from '~test/bench/report'

// `npm run bench [-- --only <part>,<part>] [--json] [--quick]`: measures the built product, and what the same machine can do
// without it (docs/performance.md).

const { values } = parseArgs({
  options: { only: { type: 'string' }, json: { type: 'boolean' }, quick: { type: 'boolean' } },
})

/** The number of the product's database connections. */
const concurrency = 10
const FEW = 1_000
const BATCH = 50_000

/** Warmed up until the server has compiled its code, like a server that has run for weeks. */
const WHOLE = {
  many: 1_000_000,
  polled: FEW,
  poll: { concurrency, warmUp: 500, count: 1_000 },
  costs: { rounds: 8, perRound: 100, warm: 50, compiledAfter: 500, newest: 300 },
  year: {
    ...{ surfaces: 200, perDay: 5, fewDays: 12, days: 365 },
    costs: { rounds: 5, perRound: 60, warm: 20, compiledAfter: 300, newest: 300 },
  },
  callback: { concurrency, warmUp: 500, count: 500 },
  // Long enough for a second look at the same run to have begun.
  webhook: { rounds: 10, afterMs: 7_000 },
  window: { surfaces: 200, windows: [50, 500], seconds: 35 },
  painted: { surfaces: 200, deploys: 10 },
  grid: { surfaces: 500, slowdown: 4, presses: 40 },
  log: { lines: 20_000, deploys: 12 },
  // With webhooks, looks are 60 to 66 minutes apart; this is four of the longest pauses.
  rest: { repositories: 100, pollingHours: 1, webhookHours: 4.4 },
  prober: { surfaces: 500, hanging: 100, deploying: 10, warmUpS: 40, measuredS: 60 },
  dispatch: {
    atOnce: { concurrency: 4, warmUp: 200, count: 240 },
    oneByOne: { concurrency: 1, warmUp: 20, count: 150 },
  },
}

/** Only shows that everything runs; its figures mean nothing. */
const QUICK: typeof WHOLE = {
  many: 2_000,
  polled: 20,
  poll: { concurrency, warmUp: 10, count: 20 },
  costs: { rounds: 1, perRound: 5, warm: 1, compiledAfter: 1, newest: 5 },
  year: {
    ...{ surfaces: 2, perDay: 10, fewDays: 6, days: 10 },
    costs: { rounds: 1, perRound: 5, warm: 1, compiledAfter: 1, newest: 5 },
  },
  callback: { concurrency, warmUp: 5, count: 10 },
  webhook: { rounds: 1, afterMs: 0 },
  window: { surfaces: 5, windows: [3], seconds: 1 },
  painted: { surfaces: 5, deploys: 1 },
  grid: { surfaces: 50, slowdown: 1, presses: 2 },
  log: { lines: 500, deploys: 1 },
  rest: { repositories: 1, pollingHours: 0.25, webhookHours: 0.1 },
  prober: { surfaces: 20, hanging: 4, deploying: 2, warmUpS: 1, measuredS: 1 },
  dispatch: {
    atOnce: { concurrency: 4, warmUp: 1, count: 5 },
    oneByOne: { concurrency: 1, warmUp: 1, count: 5 },
  },
}
const sizes = values.quick === true ? QUICK : WHOLE
const say = (text: string): void => {
  process.stderr.write(`${Math.round(performance.now() / 1000)} s: ${text}\n`)
}

/** A machine so busy that the benchmark takes longer would not give useful figures. */
const LIMIT_MS = 25 * 60_000

const stops: (() => Promise<void>)[] = []
async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0).toReversed()) await stop()
}

async function giveUp(why: string): Promise<void> {
  say(why)
  await stopAll()
  process.exit(1)
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void giveUp('stopped'))
setTimeout(() => void giveUp('not done after 25 minutes: stopped'), LIMIT_MS).unref()

interface Bench {
  readonly product: ConsoleUnderTest
  readonly load: LoadGenerator
  readonly db: pg.Client
}

async function start(): Promise<Bench> {
  const product = await startConsoleUnderTest(say)
  stops.push(product.stop)
  const load = await startLoadGenerator()
  stops.push(load.stop)
  const db = new pg.Client({ connectionString: product.databaseUrl })
  await db.connect()
  stops.push(() => db.end())
  return { product, load, db }
}

async function scale({ product, load, db }: Bench): Promise<Pick<Figures, 'poll' | 'scale'>> {
  await insertGridSurfaces(db, product.gitHubOrigin)
  await fillDeploys(db, 1, FEW)
  await settle(db)
  const polled = Array.from({ length: sizes.polled }, (_, n) => storedDeployId(n + 1))
  const poll = await measurePolls(product, load, sizes.poll, polled)
  say(`polls, grid and history with ${FEW} stored deploys …`)
  const few = await measureCosts(product, load, FEW, sizes.costs)
  say(`filling up to ${sizes.many} stored deploys …`)
  for (let from = FEW + 1; from <= sizes.many; from += BATCH) {
    await fillDeploys(db, from, Math.min(from + BATCH - 1, sizes.many))
  }
  await settle(db)
  say('polls, grid and history again …')
  return { poll, scale: { few, many: await measureCosts(product, load, sizes.many, sizes.costs), stored: sizes.many } }
}

/** A year of a busy team: how large the database becomes, and what pages cost then. */
async function year({ product, load, db }: Bench): Promise<Pick<Figures, 'year'>> {
  const { surfaces, perDay, fewDays, days, costs } = sizes.year
  const [few, all] = [fewDays * surfaces * perDay, days * surfaces * perDay]
  const filling = {
    surfaces,
    logsFrom: Math.max(1, all - 180 * surfaces * perDay),
    receiptsFrom: Math.max(1, all - 30 * surfaces * perDay),
  }
  await insertGridSurfaces(db, product.gitHubOrigin, surfaces)
  const empty = await sizeOf(db)
  await fillDeploys(db, 1, few, filling)
  await fillRecords(db, 1, few)
  await settle(db)
  say(`pages of ${surfaces} surfaces with ${few} stored deploys …`)
  const young = await measureCosts(product, load, few, costs, surfaces)
  say(`filling up to ${all} stored deploys …`)
  for (let from = few + 1; from <= all; from += BATCH) {
    const to = Math.min(from + BATCH - 1, all)
    await fillDeploys(db, from, to, filling)
    await fillRecords(db, from, to)
  }
  await settle(db)
  const size = await sizeOf(db)
  say('the same pages again …')
  const old = await measureCosts(product, load, all, costs, surfaces)
  return { year: { few: young, many: old, stored: all, bytes: size.total, empty: empty.total, tables: size.tables } }
}

/** Bytes of the database, and of its largest tables with their indexes. */
async function sizeOf(db: pg.Client) {
  const { rows } = await db.query<{ name: string; bytes: string }>(
    `SELECT relname AS name, pg_total_relation_size(oid) AS bytes FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 2 DESC LIMIT 7`,
  )
  const whole = await db.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes')
  return { total: Number(whole.rows[0]?.bytes), tables: new Map(rows.map(({ name, bytes }) => [name, Number(bytes)])) }
}

/** Each part has its own console, so that none measures the looks at another's deploys. */
const PARTS: Readonly<Record<string, (bench: Bench) => Promise<Figures>>> = {
  scale,
  year,
  callbacks: async ({ product, db, load }) => ({ callback: await measureCallbacks(product, db, load, sizes.callback) }),
  dispatches: async ({ product, db, load }) => ({
    dispatch: await measureDispatches(product, db, load, sizes.dispatch),
  }),
  webhooks: async ({ product, db }) => ({ webhooks: await measureWebhooks(product, db, sizes.webhook) }),
  windows: async ({ product, db }) => ({ windows: await measureWindows(product, db, sizes.window) }),
  painted: async ({ product, db }) => ({ painted: await measurePainted(product, db, sizes.painted) }),
  grid: async ({ product, db }) => ({ grid: await measureGrid(product, db, sizes.grid) }),
  log: async ({ product, db }) => ({ log: await measureLog(product, db, sizes.log) }),
  rest: async ({ product }) => ({ rest: await measureRest(product.databaseUrl, sizes.rest) }),
  prober: async ({ product }) => ({ prober: await measureProber(product.databaseUrl, sizes.prober) }),
}

const parts = values.only?.split(',') ?? Object.keys(PARTS)
const unknown = parts.filter((part) => !(part in PARTS))
if (unknown.length > 0) {
  say(`There is no part ${unknown.join(', ')}. Nothing was measured. The parts are ${Object.keys(PARTS).join(', ')}.`)
  process.exit(1)
}
let figures: Figures = {}
process.once('exit', () => {
  // Printed even if a later part failed.
  process.stdout.write(`${values.json === true ? JSON.stringify(asJson(figures)) : asTable(figures)}\n`)
})
try {
  let bench: Bench | undefined
  for (const [name, measure] of Object.entries(PARTS)) {
    if (!parts.includes(name)) continue
    say(`${name} …`)
    // With --quick the parts share a console, as each start takes longer than a part. `year` and `log` add the same rows as `scale`.
    if (bench === undefined || values.quick !== true || name === 'year' || name === 'log') {
      await stopAll()
      bench = await start()
    }
    figures = { ...figures, ...(await measure(bench)) }
  }
} finally {
  await stopAll()
}
