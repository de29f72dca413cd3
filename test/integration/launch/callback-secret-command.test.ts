import { hkdfSync, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { callConsole } from '~test/support/call-console'
import { createTestConsole, type TestConsole } from '~test/support/console'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

it("npm run console -- callback-secret prints only the repository's secret, derived from the first main secret", async () => {
  const masters = [randomBytes(32), randomBytes(32)]
  const secrets = masters.map((bytes) => `whsec_${bytes.toString('base64')}`)
  const call = (repository: string) =>
    callConsole(console_.deps.config.databaseUrl, ['callback-secret', repository], {
      DEPLOY_CALLBACK_HMAC_SECRET: secrets.join(','),
    })
  const derived = Buffer.from(hkdfSync('sha256', masters[0] ?? '', '', 'acme/platform', 32)).toString('base64')
  expect(await call('acme/platform')).toMatchObject({ code: 0, out: `whsec_${derived}\n` })
  expect(await call('Acme/Platform')).toMatchObject({ code: 0, out: `whsec_${derived}\n` })
  expect((await call('acme/other')).out).not.toContain(derived)
  expect(await call('platform')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('is not owner/name') })
})
