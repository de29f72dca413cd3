import { afterAll, beforeAll, expect, it } from 'vitest'
import { callConsole } from '~test/support/call-console'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/token-owners'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
  await insertMember(console_.deps, 'dan@example.com', { role: 'deployer', environments: ['staging'] })
})
afterAll(() => console_.close())

const call = (...args: string[]) => callConsole(console_.deps.config.databaseUrl, ['user', ...args])

it('user set-role, suspend and restore change what a member may do, and are audited', async () => {
  const dan = ['--email', 'Dan@example.com']
  expect(await call('set-role', ...dan, '--role', 'approver', '--in', 'all')).toMatchObject({ code: 0 })
  expect((await call('list')).out).toMatch(/^dan@example\.com {2}approver {2}all {2}since 2\S+\n$/)
  expect(await call('suspend', ...dan)).toMatchObject({ code: 0 })
  expect((await call('list')).out).toMatch(/^dan@example\.com {2}approver {2}all {2}suspended 2\S+\n$/)
  expect(await call('restore', ...dan)).toMatchObject({ code: 0 })
  const trail = await console_.deps.db.auditEvent.findMany({ orderBy: { id: 'asc' } })
  expect(trail.map(({ actor, action }) => `${actor} ${action}`)).toEqual([
    'console console.member.changed',
    'console console.member.suspended',
    'console console.member.restored',
  ])
})

it('user invite and recover print only the path of a link, and unknown members, roles and environments are refused', async () => {
  await insertSurface(console_.deps, { environment: 'staging' })
  const invited = await call('invite', '--role', 'viewer', '--in', 'staging')
  expect(invited).toMatchObject({ code: 0, out: expect.stringMatching(/^\/invite\/\S+\n$/) })
  const passwordLink = await call('recover', '--email', 'dan@example.com')
  expect(passwordLink).toMatchObject({ code: 0, out: expect.stringMatching(/^\/invite\/\S+\n$/) })
  expect(await call('suspend', '--email', 'eve@example.com')).toMatchObject({ code: 1, out: '' })
  expect(await call('invite', '--role', 'root', '--in', 'all')).toMatchObject({ code: 2, out: '' })
  expect(await call('invite', '--role', 'admin', '--in', 'staging')).toMatchObject({ code: 2, out: '' })
  expect(await call('invite', '--role', 'viewer')).toMatchObject({ code: 2, err: expect.stringMatching('^--in: ') })
})
