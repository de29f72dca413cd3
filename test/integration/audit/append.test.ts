import { afterAll, beforeAll, expect, it } from 'vitest'
import { appendAuditEventOnce } from '~/server/audit/append-audit'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

it('an audit event is appended once, and members that its schema does not name are not stored', async () => {
  const { deps } = console_
  const { id } = await insertDeployAt(deps, 'failed')
  const payload = { run_id: '7', reported: 'succeeded', recorded: 'failure', secret: 'not stored' }
  const given = { action: 'console.deploy.record_disagrees', status: null, payload } as const
  for (let times = 0; times < 2; times += 1) {
    await appendAuditEventOnce(deps.db, { actor: 'github', at: deps.now(), deployId: id }, given)
  }
  const rows = await deps.db.auditEvent.findMany({ where: { deployId: id, action: given.action } })
  expect(rows.map((row) => row.payload)).toEqual([{ run_id: '7', reported: 'succeeded', recorded: 'failure' }])
})
