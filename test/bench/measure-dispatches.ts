import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { authenticate } from '~/server/auth/sessions/read-session'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import type { ConsoleUnderTest } from '~test/bench/console-under-test'
import { insertSurfaces } from '~test/bench/fill'
import type { LoadJob, LoadRequest, LoadResult, Statement } from '~test/bench/load'
import type { LoadGenerator } from '~test/bench/load-generator'
import { recordStatements, unprepared, withValues } from '~test/bench/record-statements'
import { takeTurns } from '~test/bench/take-turns'
import { bareRoute, bareSql, type Size, withOwnDeps } from '~test/bench/yardsticks'
import { SHA } from '~test/support/scripted-github'

export interface DispatchFigures {
  readonly product: LoadResult
  /** The same two requests sent directly to GitHub: the branch, then the run. */
  readonly gitHub: LoadResult
  readonly sql: LoadResult
  readonly bare: LoadResult
}

/** Dispatches, each to its own surface, and the yardsticks. Single ones come last, once the server has compiled its code. */
export async function measureDispatches(
  product: ConsoleUnderTest,
  db: pg.Client,
  load: LoadGenerator,
  sizes: { readonly atOnce: Size; readonly oneByOne: Size },
) {
  const recorded = await recordDispatch(product, db)
  const atOnce = await dispatches(product, db, load, { name: 'at-once', size: sizes.atOnce, recorded })
  const oneByOne = await dispatches(product, db, load, { name: 'one-by-one', size: sizes.oneByOne, recorded })
  return { oneByOne, atOnce, statements: recorded.statements.length }
}

const open = (db: pg.Client, product: ConsoleUnderTest, prefix: string, count: number) =>
  insertSurfaces(db, { prefix, count, archived: false, origin: product.gitHubOrigin })

async function dispatches(
  product: ConsoleUnderTest,
  db: pg.Client,
  load: LoadGenerator,
  { name, size, recorded }: { readonly name: string; readonly size: Size; readonly recorded: RecordedDispatch },
): Promise<DispatchFigures> {
  const count = size.warmUp + size.count
  await open(db, product, `dispatch-${name}-`, count)
  await insertSurfaces(db, { prefix: `dispatch-sql-${name}-`, count, archived: true, origin: 'http://127.0.0.1:9' })
  const job = (origin: string, request: (n: number) => LoadRequest): LoadJob => ({
    kind: 'http',
    origin,
    ...size,
    lanes: Array.from({ length: count }, (_, n) => [request(n)]),
  })
  const headers = { 'content-type': 'application/json' }
  const jobs = {
    product: job(product.url, (n) => ({
      method: 'POST',
      path: '/api/trpc/deploys.dispatch',
      headers: { ...headers, cookie: product.cookie },
      body: JSON.stringify(inputFor(`dispatch-${name}-${n}`)),
      expect: 200,
    })),
    gitHub: job(product.gitHubOrigin, () => ({
      method: 'GET',
      path: '/api/v3/repos/acme/platform/git/ref/heads/main',
      expect: 200,
      followedBy: {
        method: 'POST',
        path: '/api/v3/repos/acme/platform/actions/workflows/deploy-console.yml/dispatches',
        headers,
        body: JSON.stringify({ ref: 'main', inputs: {} }),
        expect: 200,
      },
    })),
    sql: bareSql(product, size, (n) => [replay(recorded, `dispatch-sql-${name}-${n}`)]),
    bare: bareRoute(product, size),
  }
  const figures = await takeTurns(load, jobs, () => endDeploys(db))
  await expectDispatched(db, `dispatch-${name}-`, count)
  await expectDispatched(db, `dispatch-sql-${name}-`, count)
  return figures
}

/** The input that the dialog sends: with the reviewed commit, which the server compares with GitHub's. */
const inputFor = (surfaceId: string) => ({
  surfaceId,
  ref: 'refs/heads/main',
  expectedSha: SHA,
  confirmation: surfaceId,
  idempotencyKey: randomUUID(),
})

interface RecordedDispatch {
  readonly statements: readonly Statement[]
  readonly surfaceId: string
  readonly idempotencyKey: string
  readonly deployId: string
}

/** Runs the product's own code for one dispatch, and records the SQL. */
async function recordDispatch(product: ConsoleUnderTest, db: pg.Client): Promise<RecordedDispatch> {
  await open(db, product, 'dispatch-template-', 1)
  const input = inputFor('dispatch-template-0')
  const { surfaceId, idempotencyKey } = input
  return withOwnDeps(product, async (deps) => {
    let deployId = ''
    const whoAsks = () => authenticate(deps, new Headers({ cookie: product.cookie }), 'person')
    // A session's activity is stored at most once a minute; this call stores it, so that it is not recorded below.
    await whoAsks()
    const statements = await recordStatements(async () => {
      const actor = await whoAsks()
      if (actor === null) throw new Error('The operator is not signed in.')
      const answer = await requestDeploy(deps, actor, input)
      if (answer.outcome === 'deploy') deployId = answer.id
    })
    return { statements, surfaceId, idempotencyKey, deployId }
  })
}

function replay({ statements, surfaceId, idempotencyKey, deployId }: RecordedDispatch, twin: string): Statement[] {
  const replace = new Map([
    [surfaceId, twin],
    [idempotencyKey, randomUUID()],
    [deployId, randomUUID()],
  ])
  return unprepared(withValues(statements, replace))
}

/** Ends the deploys, or the prober would probe hundreds of surfaces every few seconds. */
async function endDeploys(db: pg.Client): Promise<void> {
  await db.query(
    `WITH ended AS (
       UPDATE console_deploys SET status = 'cancelled', finished_at_utc = now()
       WHERE surface_id LIKE 'dispatch-%' AND finished_at_utc IS NULL RETURNING surface_id)
     UPDATE surfaces SET archived_at_utc = now() WHERE id IN (SELECT surface_id FROM ended)`,
  )
}

/** The yardstick must do as much as the product: each surface must have a deploy with its run and both audit rows. */
async function expectDispatched(db: pg.Client, prefix: string, count: number): Promise<void> {
  const { rows } = await db.query<{ deploys: number; runs: number; events: number }>(
    `SELECT count(*)::int AS deploys, count(github_run_id)::int AS runs,
       sum((SELECT count(*) FROM audit_events WHERE deploy_id = console_deploys.id))::int AS events
     FROM console_deploys WHERE surface_id ~ ('^' || $1 || '[0-9]+$')`,
    [prefix],
  )
  const [found] = rows
  if (found?.deploys === count && found.runs === count && found.events === 2 * count) return
  throw new Error(`${prefix}…: ${JSON.stringify(found)} instead of ${count} deploys that were dispatched`)
}
