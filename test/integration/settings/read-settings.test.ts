import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listSettings } from '~/server/platform/config'
import { readSettings } from '~/server/settings/read-settings'
import { createTestConsole, type TestConsole } from '~test/support/console'

const canary = () => `canary-${randomBytes(16).toString('hex')}`
const NAMES = listSettings({}).map(({ name }) => name)

/** A console that was configured with a secret in every place that can hold one. */
const secrets = {
  GITHUB_DISPATCH_TOKEN: canary(),
  DEPLOY_CALLBACK_HMAC_SECRET: canary(),
  AUTH_SECRET: canary(),
  GITHUB_WEBHOOK_SECRET: canary(),
  AUTH_GITHUB_CLIENT_SECRET: canary(),
  SLACK_WEBHOOK_URL: `https://hooks.example.com/services/${canary()}`,
  HTTPS_PROXY: `http://ada:${canary()}@proxy.example.com:3128`,
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:9/?key=${canary()}`,
}
let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole({ env: { ...secrets, AUTH_GITHUB_CLIENT_ID: 'Iv23', LOG_RETENTION_DAYS: '90' } })
})
afterAll(() => console_.close())

it('no value of any variable is shown, however it was set', async () => {
  const values = Object.fromEntries(NAMES.map((name) => [name, canary()]))
  const lower = { https_proxy: canary(), FLAG_CONSOLE_DEPLOY_ASYNC: canary() }
  const shown = JSON.stringify(await readSettings(console_.deps, { ...values, ...lower, UNKNOWN: canary() }))
  expect(NAMES.length).toBeGreaterThan(40)
  expect(shown.match(/canary/g)).toBeNull()
  const { databaseUrl } = console_.deps.config
  for (const secret of [databaseUrl, ...Object.values(secrets)]) expect(shown).not.toContain(secret)
  expect(shown).not.toContain('UNKNOWN')
})

it('each variable is named with where it is from', async () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'settings ')), 'secret')
  writeFileSync(file, canary())
  const env = { AUTH_SECRET_FILE: file, PORT: '3000', DATABASE_URL: 'postgres://x', LOG_LEVEL: ' ', FLAG_X: 'on' }
  const { variables } = await readSettings(console_.deps, env)
  const of = (name: string) => variables.find((one) => one.name === name)
  expect(of('AUTH_SECRET')).toEqual({ name: 'AUTH_SECRET', isSecret: true, source: 'file' })
  expect(of('DATABASE_URL')).toEqual({ name: 'DATABASE_URL', isSecret: true, source: 'environment' })
  expect(of('PORT')).toEqual({ name: 'PORT', isSecret: false, source: 'environment' })
  expect(of('FLAG_X')?.source).toBe('environment')
  expect(of('LOG_LEVEL')?.source).toBe('not set')
})

it('says how the console is set up', async () => {
  expect(await readSettings(console_.deps, {})).toMatchObject({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    isSandbox: false,
    github: { credentials: 'token', webhooks: true },
    worker: { state: 'never' },
    logRetentionDays: 90,
    providers: ['GitHub'],
    channels: [{ kind: 'slack', enabled: true }],
  })
})
