import { expect, test } from 'vitest'
import { readConfig } from '~/sandbox/state/config'

const good = {
  SANDBOX_DIR: '/tmp/sandbox',
  SANDBOX_WORKFLOWS_DIR: '/tmp/checkout',
  SANDBOX_TOKEN: 'a token long enough',
  SANDBOX_CONSOLE_URL: 'http://127.0.0.1:3000/',
  SANDBOX_CALLBACK_SECRET: 'a secret',
  SANDBOX_SURFACES:
    '[{"id":"console","name":"Console","environment":"production","repository":"acme/platform","workflow":"deploy-console.yml","ref":"main"}]',
}

test('a complete environment is read as the configuration', () => {
  expect(readConfig(good)).toMatchObject({
    port: undefined,
    consoleUrl: 'http://127.0.0.1:3000',
    token: good.SANDBOX_TOKEN,
  })
  expect(readConfig({ ...good, SANDBOX_PORT: '4010' }).port).toBe(4010)
  expect(readConfig({ ...good, SANDBOX_PORT: '0' }).port).toBeUndefined()
})

test.each([
  ['SANDBOX_PORT', '70000'],
  ['SANDBOX_DIR', ''],
  ['SANDBOX_TOKEN', 'short-secret'],
  ['SANDBOX_CONSOLE_URL', 'localhost:3000'],
  ['SANDBOX_SURFACES', '{not json'],
  ['SANDBOX_SURFACES', '[]'],
  ['SANDBOX_SURFACES', good.SANDBOX_SURFACES.replace(/\{.*\}/, '$&,$&')],
  [
    'SANDBOX_SURFACES',
    good.SANDBOX_SURFACES.replace(/\{.*\}/, (one) => `${one},${one.replace('"console"', '"other"')}`),
  ],
  ['SANDBOX_SURFACES', good.SANDBOX_SURFACES.replace('"console"', '"../etc"')],
])('an invalid %s is refused with an example and without its value', (name, value) => {
  const read = () => readConfig({ ...good, [name]: value })
  expect(read).toThrow(name)
  expect(read).toThrow(/Example: ./)
  if (value.length > 5) expect(read).not.toThrow(value)
})
