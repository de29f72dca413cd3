import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callConsole } from '~test/support/call-console'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { restClient } from '~test/support/rest-client'
import { insertMember } from '~test/support/token-owners'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
  await insertSurface(console_.deps, { id: 'api-staging', environment: 'staging' })
  await insertMember(console_.deps, 'dan@example.com', { role: 'deployer', environments: ['staging'] })
})
afterAll(() => console_.close())

const call = (...args: string[]) => callConsole(console_.deps.config.databaseUrl, args)
const use = async (secret: string) => {
  const client = restClient(console_.deps, async () => '')
  const headers = { authorization: `Bearer ${secret}` }
  return (await client.call('GET', `/api/internal/deploys/${randomUUID()}`, { headers })).status
}

const FOR_DAN = ['token', 'create', '--owner', 'dan@example.com', '--label', 'nightly']

describe('npm run console', () => {
  it('token create prints only a working token, token list never shows it, and token revoke ends it', async () => {
    const made = await call(...FOR_DAN, '--may', 'deploy.read,deploy.dispatch', '--in', 'staging', '--days', '7')
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^dc_\S{49}\n$/) })
    const secret = made.out.trim()
    expect(made.err).not.toContain(secret)
    expect(await use(secret)).toBe(404)

    const listed = await call('token', 'list')
    expect(listed.out).toMatch(/^\S{36} {2}nightly {2}dc_\S+…\S+ {2}dan@example\.com {2}active {2}.* in staging\n$/)
    expect(listed.out).not.toContain(secret)

    const id = listed.out.slice(0, 36)
    expect(await call('token', 'revoke', '--id', id)).toMatchObject({ code: 0 })
    expect(await use(secret)).toBe(401)
    const trail = await console_.deps.db.auditEvent.findMany({ orderBy: { id: 'asc' } })
    expect(trail.map(({ actor, action }) => `${actor} ${action}`)).toEqual([
      'console console.token.created',
      'console console.token.revoked',
    ])
  })

  it.each([
    ['beyond what its owner may', ['--may', 'freeze.override', '--in', 'staging'], 'requires the role approver'],
    ['in an environment its owner may not change', ['--may', 'deploy.dispatch', '--in', 'production'], 'production'],
    ['for an unknown owner', ['--owner', 'eve@example.com', '--may', 'deploy.read'], 'has no access'],
  ])('token create refuses a token %s and exits with 1', async (_, args, says) => {
    await insertSurface(console_.deps)
    expect(await call(...FOR_DAN, ...args)).toMatchObject({ code: 1, out: '', err: expect.stringContaining(says) })
  })

  it.each([
    ['a missing owner', ['token', 'create', '--label', 'x', '--may', 'deploy.read'], '--owner: '],
    ['a permission that no token can have', [...FOR_DAN, '--may', 'member.manage'], '--may: '],
    ['a missing environment', [...FOR_DAN, '--may', 'deploy.dispatch'], '--in: '],
    ['more than a year', [...FOR_DAN, '--may', 'deploy.read', '--days', '400'], '--days: '],
    ['a token in place of its id', ['token', 'revoke', '--id', 'dc_x'], '--id: '],
  ])('%s is refused with exit code 2 and the name of the option', async (_, args, says) => {
    expect(await call(...args)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(`^${says}`) })
  })
})
