import { afterAll, beforeAll, expect, it } from 'vitest'
import { browser, PASSWORD } from '~test/support/auth-client'
import { callConsole } from '~test/support/call-console'
import { createTestConsole, type TestConsole } from '~test/support/console'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

const call = (...args: string[]) => callConsole(console_.deps.config.databaseUrl, args)
const tokenIn = (out: string, page: string) =>
  new RegExp(`^http://localhost:3000/${page}/([\\w-]{43})$`, 'm').exec(out)?.[1] ?? ''

it('npm run console -- user invites, lists, recovers and suspends, and says what it does not understand', async () => {
  const invited = await call('user', 'invite', '--email', 'Bob@example.com', '--role', 'deployer', '--in', 'staging')
  expect(invited).toMatchObject({ code: 0, err: '' })
  const accept = (token: string, password: string) =>
    browser(console_.deps).post('/links/accept', { token, name: 'Bob', password })
  expect(await accept(tokenIn(invited.out, 'invite'), PASSWORD)).toMatchObject({ status: 200 })
  expect((await call('user', 'list')).out).toBe('bob@example.com\tdeployer\tstaging\tactive\n')

  const recovered = await call('user', 'recover', '--email', 'bob@example.com')
  expect(await accept(tokenIn(recovered.out, 'invite'), 'another long password')).toMatchObject({ status: 200 })
  expect(await call('user', 'suspend', '--email', 'bob@example.com')).toMatchObject({ code: 0 })
  expect((await call('user', 'list')).out).toContain('suspended 2')

  expect(await call('user', 'recover', '--email', 'eve@example.com')).toMatchObject({ code: 1, out: '' })
  expect(await call('user', 'invite', '--email', 'eve', '--role', 'deployer')).toMatchObject({ code: 2, out: '' })
  expect(await call('user', 'invite', '--email', 'eve@example.com', '--role', 'king')).toMatchObject({
    code: 2,
    out: '',
  })
})
