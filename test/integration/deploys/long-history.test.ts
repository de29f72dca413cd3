import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { DEPLOY_KINDS } from '~/domain/deploy/approval'
import { type DeployFilter, OUTCOMES } from '~/domain/deploy/deploy-list'
import { hasShippedSince, listSilentDeploys } from '~/server/deploys/deploys'
import { searchDeploys } from '~/server/deploys/read/deploy-list.sql'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { listAllDeploys, listDeployFacets } from '~/server/deploys/read/list-all-deploys'
import { listDeploys } from '~/server/deploys/read/list-deploys'
import { readMeasures } from '~/server/insights/insights.sql'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { fillDeploys, gridSurface, insertGridSurfaces, insertSurfaces, settle, storedDeployId } from '~test/bench/fill'
import type { Statement } from '~test/bench/load'
import { recordStatements } from '~test/bench/record-statements'
import { createTestConsole, type TestConsole } from '~test/support/console'

const [FEW, MANY] = [1_000, 12_000]
const TIMEOUT = 120_000
/** A surface whose only deploy is the first one. */
const QUIET = 'quiet-0'

let console_: TestConsole
let db: pg.Client
beforeAll(async () => {
  console_ = await createTestConsole()
  db = new pg.Client({ connectionString: console_.deps.config.databaseUrl })
  await db.connect()
  await insertGridSurfaces(db, 'http://127.0.0.1:9')
  await insertSurfaces(db, { prefix: 'quiet-', count: 1, archived: false, origin: 'http://127.0.0.1:9' })
  await fillDeploys(db, 1, FEW)
  await db.query('UPDATE console_deploys SET surface_id = $1 WHERE id = $2', [QUIET, storedDeployId(1)])
  await db.query('UPDATE surfaces SET last_deploy_id = $2 WHERE id = $1', [QUIET, storedDeployId(1)])
  await settle(db)
}, TIMEOUT)
afterAll(async () => {
  await db.end()
  await console_.close()
})

interface Plan {
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number | undefined
  readonly 'Rows Removed by Index Recheck'?: number | undefined
  readonly 'Relation Name'?: string | undefined
  readonly Plans?: readonly Plan[] | undefined
}
const plan: z.ZodType<Plan> = z.lazy(() =>
  z.object({
    'Actual Rows': z.number(),
    'Actual Loops': z.number(),
    'Rows Removed by Filter': z.number().optional(),
    'Rows Removed by Index Recheck': z.number().optional(),
    'Relation Name': z.string().optional(),
    Plans: z.array(plan).optional(),
  }),
)

/** Rows of tables that the statement read, whether it kept them or not. */
const visited = (node: Plan): number =>
  (node['Relation Name'] === undefined
    ? 0
    : (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) *
      node['Actual Loops']) + (node.Plans ?? []).reduce((sum, inner) => sum + visited(inner), 0)

async function rowsVisited(statements: readonly Statement[]): Promise<number> {
  let sum = 0
  for (const { text, values } of statements) {
    if (!/^\s*(SELECT|WITH)\b/i.test(text)) continue
    const { rows } = await db.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, [...values])
    sum += visited(
      z.tuple([z.object({ 'QUERY PLAN': z.tuple([z.object({ Plan: plan })]) })]).parse(rows)[0]['QUERY PLAN'][0].Plan,
    )
  }
  return sum
}

/** The reads that people and workers make all day, with `stored` deploys. */
function reads(stored: number): Readonly<Record<string, () => Promise<unknown>>> {
  const { deps } = console_
  const now = deps.now()
  return {
    'the grid': () => listTiles(deps),
    'a tile': () => listTiles(deps, [gridSurface(stored)]),
    'the tile of a surface nobody deploys to': () => listTiles(deps, [QUIET]),
    'the newest deploy': () => getDeploy(deps, storedDeployId(stored)),
    'an old deploy': () => getDeploy(deps, storedDeployId(7)),
    'the first page of a history': () => listDeploys(deps, { surfaceId: gridSurface(3), cursor: null, limit: 20 }),
    'a later page': () => listDeploys(deps, { surfaceId: gridSurface(3), cursor: storedDeployId(700), limit: 20 }),
    ...listReads(),
    'deploys that fell silent': () => listSilentDeploys(deps.db, { silentSince: now, notLookedSince: now }, 50),
    'whether a flag can be promoted': () => hasShippedSince(deps.db, 'production', now),
    'the insights of a quarter of an hour in thirteen parts': () => {
      const [from, to] = [new Date('2024-01-01T01:00:00Z'), new Date('2024-01-01T01:15:00Z')]
      const parts = Array.from({ length: 13 }, (_, n) => new Date(from.getTime() + n * 60_000))
      return readMeasures(deps.db, { from, to, parts, only: null })
    },
  }
}

/** The list of all deploys by each filter, whether much, little or nothing matches, and by two filters of which one matches nothing. */
function listReads(): Readonly<Record<string, () => Promise<unknown>>> {
  const { db } = console_.deps
  const page = (filter: DeployFilter, cursor: string | null = null) =>
    listAllDeploys({ db }, { filter, cursor, limit: 20 })
  const [from, to] = [new Date('2024-01-01T05:00:00Z'), new Date('2024-01-01T06:00:00Z')]
  const filters: Readonly<Record<string, DeployFilter>> = {
    'no filter': {},
    'a surface': { surface: gridSurface(3) },
    'an environment': { environment: 'production' },
    'an environment without deploys': { environment: 'staging' },
    'a person': { person: 'operator' },
    'a person without deploys': { person: 'ada' },
    'a range of times': { from, to },
    'a surface in a range of times': { surface: gridSurface(3), from, to },
    ...Object.fromEntries(OUTCOMES.map((outcome) => [outcome, { outcome }])),
    ...Object.fromEntries(DEPLOY_KINDS.map((kind) => [kind, { kind }])),
  }
  const nothing = { surface: gridSurface(3), outcome: 'failed' } as const
  return {
    ...Object.fromEntries(
      Object.entries(filters).map(([name, filter]) => [`the list of deploys by ${name}`, () => page(filter)]),
    ),
    'a later page of the list': () => page({ person: 'operator' }, storedDeployId(700)),
    'the list by two filters that no deploy matches': () =>
      searchDeploys(db, { filter: nothing, before: null, limit: 20 }, 20),
    'who requested deploys': () => listDeployFacets({ db }),
  }
}

async function countVisitedRows(stored: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const [name, read] of Object.entries(reads(stored)))
    counts[name] = await rowsVisited(await recordStatements(read))
  return counts
}

it('no read visits noticeably more rows with twelve times the history', { timeout: TIMEOUT }, async () => {
  const few = await countVisitedRows(FEW)
  await fillDeploys(db, FEW + 1, MANY)
  await settle(db)
  const many = await countVisitedRows(MANY)
  for (const name of Object.keys(few)) expect(many[name], name).toBeLessThanOrEqual((few[name] ?? 0) * 1.2 + 20)
})
