import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AuditFilter, auditFilter } from '~/domain/audit/filter'
import { type AuditFacet, auditFacetSql, auditPageSql } from '~/server/audit/audit.sql'
import { listAudit, listAuditFacets } from '~/server/audit/read-audit'
import { Prisma } from '~/server/platform/generated/client.ts'
import { insertAuditRows } from '~test/support/audit-rows'
import { createTestConsole, type TestConsole } from '~test/support/console'

const ROWS = 30_000
const SINCE = new Date('2026-01-01T00:00:00Z')
let console_: TestConsole

beforeAll(async () => {
  console_ = await createTestConsole()
  await insertAuditRows(console_.deps, ROWS, SINCE)
})
afterAll(() => console_.close())

const deploy = '00000000-0000-7000-8000-000000000420'
const second = (n: number) => new Date(SINCE.getTime() + n * 1000).toISOString()

/** Every filter alone, and the pairs that an auditor uses. */
const filters: [string, Record<string, string>][] = [
  ['nothing', {}],
  ['a deploy', { deploy }],
  ['a surface', { surface: 'surface-3' }],
  ['an actor', { actor: 'operator' }],
  ['an unknown actor', { actor: 'nobody' }],
  ['an action', { action: 'console.deploy.requested' }],
  ['the most common action', { action: 'console.deploy.callback' }],
  ['a minute long ago', { from: second(100), to: second(160) }],
  ['a start without an end', { from: second(29_000) }],
  ['an end without a start', { to: second(500) }],
  ['a day', { from: '2026-01-01', to: '2026-01-01' }],
  ['an actor in a day', { actor: 'operator', from: '2026-01-01', to: '2026-01-01' }],
  ['an action of an actor', { actor: 'workflow', action: 'console.deploy.reconciled' }],
  ['a surface in an hour', { surface: 'surface-1', from: second(3600), to: second(7200) }],
]

async function planOf(sql: Prisma.Sql): Promise<string> {
  const rows = await console_.deps.db.$queryRaw<{ 'QUERY PLAN': string }[]>(Prisma.sql`EXPLAIN ${sql}`)
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}

async function readAll(filter: AuditFilter, limit: number, between: () => Promise<unknown> = async () => {}) {
  const ids: string[] = []
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<typeof listAudit>> = await listAudit(console_.deps, { filter, cursor, limit })
    ids.push(...page.entries.map(({ id }) => id))
    cursor = page.nextCursor
    await between()
  } while (cursor !== null)
  return ids
}

describe('the queries of the audit page', () => {
  it.each(filters)('the query for %s uses an index, for the first page and a later one', async (_, query) => {
    const filter = auditFilter.parse(query)
    for (const before of [null, 15_000n]) {
      expect(await planOf(auditPageSql({ filter, before, limit: 51 }))).not.toContain('Seq Scan')
    }
  })

  it.each<AuditFacet>(['actions', 'actors', 'surfaces'])(
    'the query for the filter choices of %s uses an index',
    async (facet) => {
      expect(await planOf(auditFacetSql(facet))).not.toContain('Seq Scan')
    },
  )
})

describe('the pages of the audit trail', () => {
  it('the pages hold every matching row once, newest first, while rows are appended', async () => {
    const filter = auditFilter.parse({ actor: 'operator', to: '2026-01-01' })
    const append = () =>
      console_.deps.db.auditEvent.create({
        data: { at: new Date('2026-01-01T12:00:00Z'), actor: 'operator', action: 'console.test', payload: {} },
      })
    const before = await console_.deps.db.auditEvent.findMany({
      where: { actor: 'operator', at: { lt: new Date('2026-01-02T00:00:00Z') } },
      orderBy: { id: 'desc' },
      select: { id: true },
    })
    expect(await readAll(filter, 1_000, append)).toEqual(before.map(({ id }) => id.toString()))
  })

  it('the last page has no cursor, even if it is full', async () => {
    const page = await listAudit(console_.deps, { filter: auditFilter.parse({ deploy }), cursor: null, limit: 10 })
    expect(page.entries).toHaveLength(10)
    expect(page.nextCursor).toBeNull()
  })

  it('a time filter includes its start and excludes its end, and a day means the whole day in UTC', async () => {
    expect(await readAll(auditFilter.parse({ from: second(10), to: second(12) }), 50)).toHaveLength(2)
    expect(await readAll(auditFilter.parse({ from: '2025-12-31', to: '2025-12-31' }), 50)).toEqual([])
    const wholeDay = auditFilter.parse({ from: '2026-01-01', to: '2026-01-01', action: 'console.deploy.requested' })
    expect(await readAll(wholeDay, 5_000)).toHaveLength(ROWS / 4)
  })
})

it('the filter choices are the values that occur in the audit trail', async () => {
  expect(await listAuditFacets(console_.deps)).toEqual({
    actions: ['console.deploy.callback', 'console.deploy.reconciled', 'console.deploy.requested', 'console.test'],
    actors: ['console', 'operator', 'workflow'],
    surfaces: Array.from({ length: 7 }, (_, index) => `surface-${index}`),
  })
})
