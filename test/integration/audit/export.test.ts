import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditFilter } from '~/domain/audit/filter'
import { exportAudit } from '~/server/audit/read-audit'
import { insertAuditRows } from '~test/support/audit-rows'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { parseCsv } from '~test/support/parse-csv'
import { restClient } from '~test/support/rest-client'

let console_: TestConsole
let rest: ReturnType<typeof restClient>
beforeAll(async () => {
  console_ = await createTestConsole()
  rest = restClient(console_.deps)
  await insertAuditRows(console_.deps, 1_800, new Date('2026-01-01T00:00:00Z'))
  await console_.deps.db.auditEvent.create({
    data: {
      at: new Date('2026-02-01T00:00:00Z'),
      actor: '=HYPERLINK("http://evil.example","Ünter, uns")',
      action: 'console.test',
      surfaceId: '@SUM(1)',
      status: 'two\nlines, "quoted"',
      payload: { reason: 'naïve, "yes"\r\n＝1' },
    },
  })
})
afterAll(() => console_.close())

const get = (query: string, headers: Record<string, string> = {}) =>
  rest.call('GET', `/api/audit/export?${query}`, { headers })

describe('the export of the audit trail', () => {
  it('the JSON export holds every row once, newest first, across its pages', async () => {
    const { body, headers } = await get('format=json')
    const rows = body as { id: string }[]
    const stored = await console_.deps.db.auditEvent.findMany({ orderBy: { id: 'desc' }, select: { id: true } })
    expect(rows.map(({ id }) => id)).toEqual(stored.map(({ id }) => id.toString()))
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename="audit-\d{8}T\d{6}Z\.json"$/)
  })

  it('the CSV export holds the same values as the JSON export, row by row', async () => {
    const [head, ...records] = parseCsv(String((await get('format=csv&actor=operator')).body))
    expect(head).toEqual(['id', 'at', 'actor', 'action', 'deploy_id', 'surface_id', 'status', 'payload'])
    const rows = (await get('format=json&actor=operator')).body as Record<string, unknown>[]
    expect(records).toHaveLength(360)
    expect(
      records.map(([id, at, actor, action, deploy_id, surface_id, status, payload]) => {
        return { id, at, actor, action, deploy_id, surface_id, status, payload: JSON.parse(payload ?? '') }
      }),
    ).toEqual(rows)
  })

  it('the CSV export neutralises spreadsheet formulas, and keeps quotes, commas, line breaks and umlauts', async () => {
    const answer = await get('format=csv&action=console.test')
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    const [, record] = parseCsv(String(answer.body))
    expect(record?.slice(2)).toEqual([
      '\'=HYPERLINK("http://evil.example","Ünter, uns")',
      'console.test',
      '',
      "'@SUM(1)",
      'two\nlines, "quoted"',
      JSON.stringify({ reason: 'naïve, "yes"\r\n＝1' }),
    ])
  })

  it('an export without rows is a header line in CSV and an empty array in JSON', async () => {
    expect(
      String((await get('format=csv&actor=nobody')).body)
        .trim()
        .split('\r\n'),
    ).toHaveLength(1)
    expect((await get('format=json&actor=nobody')).body).toEqual([])
  })

  it('the export reads one page at a time as the receiver takes it, and stops when the receiver disconnects', async () => {
    let queries = 0
    const { deps } = console_
    const counting = new Proxy(deps.db, {
      get: (target, name) => {
        if (name === '$queryRaw') queries += 1
        return Reflect.get(target, name)
      },
    })
    const filter = auditFilter.parse({})
    const response = await exportAudit({ ...deps, db: counting }, { filter, format: 'csv' })
    expect(queries).toBe(1)
    const reader = response.body?.getReader()
    const first = await reader?.read()
    expect(new TextDecoder().decode(first?.value).split('\r\n').length).toBeLessThan(600)
    expect(queries).toBe(2)
    await reader?.cancel()
    expect(queries).toBe(2)
  })

  it.each([
    ['no format', '', 400],
    ['an unknown format', 'format=xlsx', 400],
    ['a day that does not exist', 'format=csv&from=2026-02-31', 400],
    ['a deploy id that is not a UUID', 'format=csv&deploy=1', 400],
    ['a name that cannot be stored', 'format=csv&actor=a%00b', 400],
  ])('an export with %s is refused', async (_, query, status) => {
    expect(await get(query)).toMatchObject({ status, body: { code: 'invalid_input' } })
  })

  it('an export requested by another site is refused', async () => {
    expect(await get('format=csv', { 'sec-fetch-site': 'cross-site' })).toMatchObject({ status: 403 })
  })
})
