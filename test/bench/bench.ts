import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startEmbeddedPostgres } from '~/launch/embedded-postgres'
import { startConsoleUnderTest } from '~test/bench/console-under-test'
import { fillDeploys, insertGridSurfaces, settle, storedDeployId } from '~test/bench/fill'
import { startLoadGenerator } from '~test/bench/load-generator'
import { measureCallbacks } from '~test/bench/measure-callbacks'
import { measureDispatches } from '~test/bench/measure-dispatches'
import { measurePainted } from '~test/bench/measure-painted'
import { measureCosts, measurePolls } from '~test/bench/measure-polls'
import { measureProber } from '~test/bench/measure-prober'
import { measureRest } from '~test/bench/measure-rest'
import { measureWebhooks } from '~test/bench/measure-webhooks'
import { measureWindows } from '~test/bench/measure-windows'
import { asJson, asTable, proberAsJson, proberAsTable, writesAsJson } from '~test/bench/report'

// `npm run bench [-- --json] [-- --quick]`: how fast the built product is, beside what its machine could do without it (docs/performance.md).
// `npm run bench -- --prober [--json] [--quick]`: how old what is known of surfaces gets, alone.
// `npm run bench -- --writes [--quick]`: callbacks and dispatches alone, as JSON.

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    quick: { type: 'boolean' },
    prober: { type: 'boolean' },
    writes: { type: 'boolean' },
  },
})
const json = values.json === true

/** As many as the product has database connections. */
const concurrency = 10
const FEW = 1_000
const BATCH = 50_000

/** Warmed up until the server has compiled its code, as one that runs for weeks has. */
const WHOLE = {
  many: 1_000_000,
  polled: FEW,
  poll: { concurrency, warmUp: 1_000, count: 2_000 },
  costs: { rounds: 5, perRound: 250, warm: 50, compiledAfter: 600, newest: 300 },
  callback: { concurrency, warmUp: 500, count: 500 },
  webhook: { rounds: 10 },
  window: { windows: [50, 500], seconds: 35 },
  painted: { deploys: 10 },
  rest: { repositories: 100 },
  prober: { surfaces: 500, hanging: 100, deploying: 10, warmUpS: 40, measuredS: 60 },
  dispatch: {
    atOnce: { concurrency: 4, warmUp: 200, count: 240 },
    oneByOne: { concurrency: 1, warmUp: 20, count: 150 },
  },
}

/** Shows that all of it runs; its figures say nothing. */
const QUICK: typeof WHOLE = {
  many: 2_000,
  polled: 20,
  poll: { concurrency, warmUp: 10, count: 20 },
  costs: { rounds: 1, perRound: 5, warm: 1, compiledAfter: 1, newest: 5 },
  callback: { concurrency, warmUp: 5, count: 10 },
  webhook: { rounds: 1 },
  window: { windows: [3], seconds: 1 },
  painted: { deploys: 1 },
  rest: { repositories: 1 },
  prober: { surfaces: 20, hanging: 4, deploying: 2, warmUpS: 5, measuredS: 5 },
  dispatch: {
    atOnce: { concurrency: 4, warmUp: 1, count: 5 },
    oneByOne: { concurrency: 1, warmUp: 1, count: 5 },
  },
}
const sizes = values.quick === true ? QUICK : WHOLE
const MANY = sizes.many
const say = (text: string): void => {
  process.stderr.write(`${Math.round(performance.now() / 1000)} s: ${text}\n`)
}

/** On a machine that is busy with other things the figures would be worth little anyway. */
const LIMIT_MS = 10 * 60_000

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
setTimeout(() => void giveUp('not done after ten minutes: stopped'), LIMIT_MS).unref()

async function start() {
  const product = await startConsoleUnderTest(say)
  stops.push(product.stop)
  const load = await startLoadGenerator()
  stops.push(load.stop)
  const db = new pg.Client({ connectionString: product.databaseUrl })
  await db.connect()
  stops.push(() => db.end())
  return { product, load, db }
}

async function bench() {
  try {
    const { product, load, db } = await start()

    await insertGridSurfaces(db, product.gitHubOrigin)
    await fillDeploys(db, 1, FEW)
    await settle(db)
    say(`polls, grid and history with ${FEW} stored deploys …`)
    const poll = await measurePolls(
      product,
      load,
      sizes.poll,
      Array.from({ length: sizes.polled }, (_, n) => storedDeployId(n + 1)),
    )
    const few = await measureCosts(product, load, FEW, sizes.costs)
    say(`filling up to ${MANY} stored deploys …`)
    for (let from = FEW + 1; from <= MANY; from += BATCH) await fillDeploys(db, from, Math.min(from + BATCH - 1, MANY))
    await settle(db)
    say('polls, grid and history again …')
    const many = await measureCosts(product, load, MANY, sizes.costs)
    // Last, because the surfaces these two add are none that a console of this size would have.
    say('callbacks …')
    const callback = await measureCallbacks(product, db, load, sizes.callback)
    say('dispatches …')
    const dispatch = await measureDispatches(product, db, load, sizes.dispatch)
    say('webhooks …')
    const webhooks = await measureWebhooks(product, db, sizes.webhook)
    say('windows …')
    const windows = await measureWindows(product, db, sizes.window)
    say('what a browser paints …')
    const painted = await measurePainted(product, db, sizes.painted)
    say('GitHub at rest …')
    const rest = await measureRest(product.databaseUrl, sizes.rest)
    return { callback, poll, dispatch, webhooks, windows, painted, rest, few, many }
  } finally {
    await stopAll()
  }
}

async function benchWrites() {
  try {
    const { product, load, db } = await start()
    const callback = await measureCallbacks(product, db, load, sizes.callback)
    return { callback, dispatch: await measureDispatches(product, db, load, sizes.dispatch) }
  } finally {
    await stopAll()
  }
}

async function benchProber() {
  const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-bench-'))
  stops.push(async () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }))
  const data = path.join(directory, 'postgres')
  mkdirSync(data, { mode: 0o700 })
  try {
    const database = await startEmbeddedPostgres(data, {
      logFile: path.join(directory, 'postgres.log'),
    })
    stops.push(() => database.stop())
    return await measureProber(database.url, sizes.prober)
  } finally {
    await stopAll()
  }
}

if (values.prober === true) {
  const figures = await benchProber()
  process.stdout.write(`${json ? JSON.stringify(proberAsJson(figures)) : proberAsTable(figures)}\n`)
} else if (values.writes === true) {
  process.stdout.write(`${JSON.stringify(writesAsJson(await benchWrites()))}\n`)
} else {
  const figures = await bench()
  process.stdout.write(`${json ? JSON.stringify(asJson(figures)) : asTable(figures, { few: FEW, many: MANY })}\n`)
}
