import { afterAll, beforeAll, expect, it } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { signedCallback } from '~test/support/signed-callback'
import { crashBeforeCommit } from './crash'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

it('a callback during a crash is answered with an error, and nothing of it is stored', async () => {
  const { deps } = console_
  const { id } = await insertDeployAt(deps, 'dispatched')
  const callback = signedCallback(id, { status: 'building', log_line: 'lost' })
  expect((await receiveCallback(crashBeforeCommit(deps), callback, id)).status).toBeGreaterThanOrEqual(500)
  expect(await deps.db.callbackReceipt.count({ where: { deployId: id } })).toBe(0)
  expect(await deps.db.auditEvent.count({ where: { deployId: id } })).toBe(0)
  expect(await deps.db.deploy.findUniqueOrThrow({ where: { id } })).toMatchObject({ status: 'dispatched', logCount: 0 })
})
