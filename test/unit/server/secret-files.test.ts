import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfig } from '~/server/platform/config'
import { withValues } from '~/server/platform/secret-files'

const directory = mkdtempSync(path.join(tmpdir(), 'secret files '))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const fileOf = (content: string | Buffer, name = 'secret') => {
  const file = path.join(directory, name)
  writeFileSync(file, content)
  return file
}
const LONG = 'x'.repeat(40)

it.each([
  ['DATABASE_URL', 'postgresql://u:p@db/console', 'databaseUrl', 'postgresql://u:p@db/console'],
  ['GITHUB_DISPATCH_TOKEN', 'ghp_1', 'githubCredentials', { kind: 'token', token: 'ghp_1' }],
  ['GITHUB_WEBHOOK_SECRET', LONG, 'githubWebhookSecrets', [LONG]],
  ['DEPLOY_CALLBACK_HMAC_SECRET', `${LONG},${LONG}y`, 'callbackSecrets', [LONG, `${LONG}y`]],
  ['AUTH_SECRET', LONG, 'authSecrets', [LONG]],
  ['SLACK_WEBHOOK_URL', 'https://hooks.slack.com/x', 'slackWebhookUrl', 'https://hooks.slack.com/x'],
])(
  '%s is read from the file that its _FILE names, without the trailing newline',
  (variable, content, key, expected) => {
    expect(readConfig({ [`${variable}_FILE`]: fileOf(`${content}\n`) })).toMatchObject({ [key]: expected })
  },
)

it('a secret that belongs to other variables is read from its file too', () => {
  const oidc = { AUTH_OIDC_ISSUER: 'https://login.example.com', AUTH_OIDC_CLIENT_ID: 'console' }
  const { providers } = readConfig({ ...oidc, AUTH_OIDC_CLIENT_SECRET_FILE: fileOf('of the provider\r\n') })
  expect(providers.oidc?.clientSecret).toBe('of the provider')
  const app = { GITHUB_APP_ID: '1', GITHUB_APP_INSTALLATION_ID: '2', GITHUB_APP_PRIVATE_KEY_FILE: fileOf('no key') }
  expect(() => readConfig(app)).toThrow('GITHUB_APP_PRIVATE_KEY is not an RSA private key')
  const github = { AUTH_GITHUB_CLIENT_ID: 'Iv1', AUTH_GITHUB_CLIENT_SECRET_FILE: fileOf('of the App') }
  expect(readConfig(github).providers.github?.clientSecret).toBe('of the App')
})

it('a link leads to the secret, as Kubernetes mounts it', () => {
  symlinkSync(fileOf(LONG), path.join(directory, 'link'))
  expect(readConfig({ AUTH_SECRET_FILE: path.join(directory, 'link') }).authSecrets).toEqual([LONG])
})

describe('AUTH_SECRET_FILE is refused by its name, without its value and without the content,', () => {
  it.each([
    ['if AUTH_SECRET is set too', () => fileOf(LONG), { AUTH_SECRET: LONG }, 'are both set'],
    ['if the file does not exist', () => path.join(directory, 'missing'), {}, 'cannot be read (ENOENT)'],
    ['if it is the secret itself', () => LONG, {}, 'cannot be read (ENOENT)'],
    ['if it is a directory', () => directory, {}, 'does not name a regular file'],
    ['if it is a device, which may never end', () => '/dev/null', {}, 'does not name a regular file'],
    ['if the file is empty', () => fileOf('\n'), {}, 'names an empty file'],
    ['if the file is large', () => fileOf('x'.repeat(70_000)), {}, 'more than 65536 bytes'],
    ['if the file is not UTF-8', () => fileOf(Buffer.from([...Buffer.from(LONG), 0xff])), {}, 'not text'],
    ['if the file contains a zero byte', () => fileOf(`${LONG}\0`), {}, 'not text'],
  ])('%s', (_, make, others, problem) => {
    const file = make()
    const read = () => readConfig({ ...others, AUTH_SECRET_FILE: file })
    expect(read).toThrow(/^The configuration is invalid[^\n]*\n {2}- [^\n]*AUTH_SECRET_FILE[^\n]*$/)
    expect(read).toThrow(problem)
    expect(read).not.toThrow(file)
    expect(read).not.toThrow('xxxx')
  })
})

it('a file that cannot be read is the only problem that is reported of a GitHub App', () => {
  const app = { GITHUB_APP_ID: '1', GITHUB_APP_INSTALLATION_ID: '2', GITHUB_APP_PRIVATE_KEY_FILE: '/missing' }
  expect(() => readConfig(app)).toThrow(/:\n {2}- GITHUB_APP_PRIVATE_KEY_FILE names a file [^\n]*$/)
})

it('an environment that is given a secret is no longer given its file, so that the two cannot contradict', () => {
  const env = { AUTH_SECRET_FILE: fileOf(LONG), SLACK_WEBHOOK_URL_FILE: fileOf('https://hooks.slack.com/x', 'slack') }
  const config = readConfig(withValues(env, { AUTH_SECRET: `${LONG}y` }))
  expect(config).toMatchObject({ authSecrets: [`${LONG}y`], slackWebhookUrl: 'https://hooks.slack.com/x' })
})
