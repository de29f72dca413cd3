import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { recordCallback } from '~/server/deploys/callbacks/record-callback'
import type { ConsoleUnderTest } from '~test/bench/console-under-test'
import type { LoadJob, LoadResult, Statement } from '~test/bench/load'
import type { LoadGenerator } from '~test/bench/load-generator'
import { callbackBody, LIFE, type PreparedDeploy, prepareDeploys, signCallbacks } from '~test/bench/prepare'
import { recordStatements, unprepared, withValues } from '~test/bench/record-statements'
import { takeTurns } from '~test/bench/take-turns'
import { bareRoute, bareSql, type Size, withOwnDeps } from '~test/bench/yardsticks'

export interface CallbackFigures {
  readonly product: LoadResult
  /** The same SQL sent over pg without prepared statements. */
  readonly sql: LoadResult
  /** The same SQL with the product's prepared statements, so that PostgreSQL need not plan it. */
  readonly prepared: LoadResult
  readonly bare: LoadResult
  readonly statements: number
}

/** Signed callbacks that take deploys from start to end, and the same SQL without the product. */
export async function measureCallbacks(
  product: ConsoleUnderTest,
  db: pg.Client,
  load: LoadGenerator,
  size: Size,
): Promise<CallbackFigures> {
  const all = size.count + size.warmUp
  const deploys = await prepareDeploys(db, 'callback-', all)
  const recorded = await recordLife(product, db)
  const overSql = (twins: readonly PreparedDeploy[], prepared: boolean): LoadJob =>
    bareSql(product, size, (n) => {
      const twin = twins[n]
      return twin === undefined ? [] : recorded.map((callback) => replay(callback, twin, prepared))
    })
  const twins = await prepareDeploys(db, 'sql-', all)
  const preparedTwins = await prepareDeploys(db, 'prepared-', all)
  const figures = await takeTurns(load, {
    product: {
      kind: 'http',
      origin: product.url,
      concurrency: size.concurrency,
      warmUp: size.warmUp,
      lanes: deploys.map((deploy) => signCallbacks(product.callbackSecret, deploy)),
    },
    sql: overSql(twins, false),
    prepared: overSql(preparedTwins, true),
    bare: bareRoute(product, { ...size, count: size.count * LIFE.length }),
  })
  await expectSucceeded(db, [...deploys, ...twins, ...preparedTwins])
  return { ...figures, statements: recorded[1]?.statements.length ?? 0 }
}

interface RecordedCallback {
  readonly statements: readonly Statement[]
  readonly template: PreparedDeploy
  readonly webhookId: string
}

/** Runs the product's own code for one deploy, callback by callback, and records the SQL. */
async function recordLife(product: ConsoleUnderTest, db: pg.Client): Promise<RecordedCallback[]> {
  const [template] = await prepareDeploys(db, 'template-', 1)
  if (template === undefined) throw new Error('No deploy was prepared.')
  const life: RecordedCallback[] = []
  await withOwnDeps(product, async (deps) => {
    for (const status of LIFE) {
      const webhookId = randomUUID()
      const body = { ...callbackBody(status, template.runId), run_id: BigInt(template.runId) }
      const statements = await recordStatements(() =>
        recordCallback(deps, { deployId: template.id, webhookId, reporter: { way: 'shared' }, body }),
      )
      life.push({ statements, template, webhookId })
    }
  })
  return life
}

function replay(
  { statements, template, webhookId }: RecordedCallback,
  twin: PreparedDeploy,
  prepared: boolean,
): Statement[] {
  const replace = new Map([
    [template.id, twin.id],
    [template.surfaceId, twin.surfaceId],
    [webhookId, randomUUID()],
  ])
  const replayed = withValues(statements, replace)
  return prepared ? replayed : unprepared(replayed)
}

/** The yardstick must do as much as the product: every deploy of both must have succeeded. */
async function expectSucceeded(db: pg.Client, deploys: readonly PreparedDeploy[]): Promise<void> {
  const { rows } = await db.query<{ status: string; audit: string; lines: string }>(
    `SELECT status, (SELECT count(*) FROM audit_events WHERE deploy_id = console_deploys.id) AS audit,
       (SELECT count(*) FROM deploy_log_lines WHERE deploy_id = console_deploys.id) AS lines
     FROM console_deploys WHERE id = ANY($1::uuid[])`,
    [deploys.map(({ id }) => id)],
  )
  const wrong = rows.filter((row) => row.status !== 'succeeded' || Number(row.audit) < 7 || Number(row.lines) !== 7)
  if (wrong.length > 0) throw new Error(`${wrong.length} deploys did not get to their end: ${JSON.stringify(wrong[0])}`)
}
