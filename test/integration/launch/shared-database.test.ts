import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { programArgs } from '~/launch/build/programs'
import { agreeOnSecrets } from '~/launch/secrets'
import { readConfig } from '~/server/platform/config'
import { callConsole } from '~test/support/call-console'
import { createEmptyTestDatabase, createTestDatabase, type TestDatabase } from '~test/support/database'
import { onDatabase } from '~test/support/migrated-template'
import { launchProduct, withoutConsoleSettings } from '~test/support/start-product'

const root = path.resolve(import.meta.dirname, '../../..')
const directory = mkdtempSync(path.join(tmpdir(), 'shared database '))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const newSecret = () => randomBytes(32).toString('base64url')
const newDataDir = () => mkdtempSync(path.join(directory, 'data '))

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.drop())

const rows = async (sql: string) => {
  let found: Record<string, unknown>[] = []
  await onDatabase(database.url, async (client) => {
    found = (await client.query<Record<string, unknown>>(sql)).rows
  })
  return found
}
const digestsOf = async (variable: string) =>
  (await rows('SELECT variable, digest FROM secret_digests ORDER BY recorded_at_utc')).filter(
    (row) => row['variable'] === variable,
  )
const addUser = () =>
  rows(
    `INSERT INTO users (id, name, email, updated_at_utc) VALUES (gen_random_uuid(), 'Ada', 'ada@example.com', now())`,
  )

/** Agrees on the secrets, as the start of a server or worker on the shared database does. */
const startWith = (dataDir: string, secrets: Record<string, string> = {}) =>
  agreeOnSecrets({ config: readConfig({ DATABASE_URL: database.url, ...secrets }), dataDir, databaseUrl: database.url })

describe('data directories that share one DATABASE_URL', () => {
  it('a start on a database without tables says what applies the migrations, with npm and in a container', async () => {
    const empty = await createEmptyTestDatabase()
    const start = agreeOnSecrets({
      config: readConfig({ DATABASE_URL: empty.url }),
      dataDir: newDataDir(),
      databaseUrl: empty.url,
    })
    await expect(start).rejects.toThrow('"npm start" applies them, and in a container "migrate" does.')
    await empty.drop()
  })

  it('the first start records the secrets that it makes, and starts again with them', async () => {
    const dataDir = newDataDir()
    const made = await startWith(dataDir)
    await addUser()
    expect(await startWith(dataDir)).toEqual(made)
    expect(await digestsOf('AUTH_SECRET')).toHaveLength(1)
    expect(await digestsOf('DEPLOY_CALLBACK_HMAC_SECRET')).toHaveLength(1)
  })

  it('a second start does not make other secrets, and leaves no file behind', async () => {
    await startWith(newDataDir())
    const second = newDataDir()
    await expect(startWith(second)).rejects.toThrow(
      /^This database was used with other secrets\. Nothing was started\. Set AUTH_SECRET and DEPLOY_CALLBACK_HMAC_SECRET to /,
    )
    expect(existsSync(path.join(second, 'secrets'))).toBe(false)
  })

  it('of three first starts at once, one makes the secrets and the others are refused', async () => {
    const starts = await Promise.allSettled([startWith(newDataDir()), startWith(newDataDir()), startWith(newDataDir())])
    expect(starts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
  })

  it('a second start with the secrets of the first is accepted', async () => {
    const { auth, callback } = await startWith(newDataDir())
    const given = { AUTH_SECRET: auth.join(), DEPLOY_CALLBACK_HMAC_SECRET: callback.join() }
    expect(await startWith(newDataDir(), given)).toMatchObject({ auth, callback })
  })

  it.each(['AUTH_SECRET', 'DEPLOY_CALLBACK_HMAC_SECRET'])(
    'a refusal names %s if only that secret differs',
    async (variable) => {
      const given = { AUTH_SECRET: newSecret(), DEPLOY_CALLBACK_HMAC_SECRET: newSecret() }
      await startWith(newDataDir(), given)
      const other = startWith(newDataDir(), { ...given, [variable]: newSecret() })
      await expect(other).rejects.toThrow(`Set ${variable} to `)
      expect(await digestsOf(variable), 'a refused start records nothing').toHaveLength(1)
    },
  )

  it('a console with another webhook secret is refused, and one without is not', async () => {
    const given = { AUTH_SECRET: newSecret(), DEPLOY_CALLBACK_HMAC_SECRET: newSecret() }
    const [old, next] = [newSecret(), newSecret()]
    await startWith(newDataDir(), { ...given, GITHUB_WEBHOOK_SECRET: old })
    await startWith(newDataDir(), given)
    const other = startWith(newDataDir(), { ...given, GITHUB_WEBHOOK_SECRET: next })
    await expect(other).rejects.toThrow('used with another GITHUB_WEBHOOK_SECRET. Nothing was started.')
    await startWith(newDataDir(), { ...given, GITHUB_WEBHOOK_SECRET: `${next},${old}` })
    await startWith(newDataDir(), { ...given, GITHUB_WEBHOOK_SECRET: next })
    expect(await digestsOf('GITHUB_WEBHOOK_SECRET')).toHaveLength(2)
  })

  it('lists of secrets that overlap are accepted and their new members recorded, so that secrets can be rotated', async () => {
    const [old, next, stranger] = [newSecret(), newSecret(), newSecret()]
    const callback = { DEPLOY_CALLBACK_HMAC_SECRET: newSecret() }
    await startWith(newDataDir(), { ...callback, AUTH_SECRET: old })
    expect(await startWith(newDataDir(), { ...callback, AUTH_SECRET: `${next},${old}` })).toMatchObject({
      auth: [next, old],
    })
    expect(await digestsOf('AUTH_SECRET')).toHaveLength(2)
    await startWith(newDataDir(), { ...callback, AUTH_SECRET: next })
    await expect(startWith(newDataDir(), { ...callback, AUTH_SECRET: stranger })).rejects.toThrow('Set AUTH_SECRET to ')
  })
})

describe('a database in use without recorded secrets', () => {
  beforeEach(addUser)

  it('a start that would make secrets is refused on a database in use', async () => {
    const dataDir = newDataDir()
    await expect(startWith(dataDir, { AUTH_SECRET: newSecret() })).rejects.toThrow(
      /^This database is in use, and has no record of its secrets\. Nothing was started\. Set DEPLOY_CALLBACK_HMAC_SECRET to /,
    )
    expect(existsSync(path.join(dataDir, 'secrets'))).toBe(false)
  })

  it('configured secrets are recorded on a database in use', async () => {
    await startWith(newDataDir(), { AUTH_SECRET: newSecret(), DEPLOY_CALLBACK_HMAC_SECRET: newSecret() })
    expect(await digestsOf('AUTH_SECRET')).toHaveLength(1)
  })
})

it('the embedded database uses the secrets of its data directory, whatever is recorded', async () => {
  await addUser()
  const start = (dataDir: string) => agreeOnSecrets({ config: readConfig({}), dataDir, databaseUrl: database.url })
  await start(newDataDir())
  const dataDir = newDataDir()
  expect((await start(dataDir)).auth).toEqual([readFileSync(path.join(dataDir, 'secrets/auth'), 'utf8').trim()])
})

it('the recorded digests differ between the variables, and the table refuses a secret itself', async () => {
  const same = newSecret()
  await startWith(newDataDir(), { AUTH_SECRET: same, DEPLOY_CALLBACK_HMAC_SECRET: same })
  const digests = (await rows('SELECT digest FROM secret_digests')).map(({ digest }) => digest)
  expect(new Set(digests).size).toBe(2)
  const insert = rows(`INSERT INTO secret_digests (variable, digest) VALUES ('AUTH_SECRET', '${same}')`)
  await expect(insert).rejects.toThrow(pg.DatabaseError)
})

describe('shared secrets in the programs', { timeout: 120_000 }, () => {
  /** Runs `npm run worker` to its end. */
  const runWorker = async (env: Record<string, string>) => {
    const args = ['--conditions=react-server', ...programArgs(root, 'src/launch/worker.ts')]
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...withoutConsoleSettings(process.env), ...env },
    })
    const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
    return { code, err }
  }
  const refusal = 'This database was used with other secrets. Nothing was started. Set AUTH_SECRET'

  it('npm start, npm run worker and callback-secret refuse to continue with other secrets', async () => {
    await startWith(newDataDir())
    const env = { DATABASE_URL: database.url }
    const file = path.join(directory, 'database url')
    writeFileSync(file, `${database.url}\n`)
    const server = launchProduct({ DATABASE_URL_FILE: file, DATA_DIR: newDataDir() })
    expect(await server.exited).toBe(1)
    expect(server.output()).toContain(refusal)
    const worker = await runWorker({ ...env, DATA_DIR: newDataDir() })
    expect(worker).toEqual({ code: 1, err: expect.stringContaining(refusal) })
    const dataDir = newDataDir()
    const command = await callConsole(database.url, ['callback-secret', 'acme/platform'], { DATA_DIR: dataDir })
    expect(command).toMatchObject({ code: 1, out: '', err: expect.stringContaining('DEPLOY_CALLBACK_HMAC_SECRET') })
    expect(existsSync(path.join(dataDir, 'secrets'))).toBe(false)
  })

  it('callback-secret records nothing', async () => {
    const given = { DEPLOY_CALLBACK_HMAC_SECRET: newSecret() }
    expect(await callConsole(database.url, ['callback-secret', 'acme/platform'], given)).toMatchObject({ code: 0 })
    expect(await digestsOf('DEPLOY_CALLBACK_HMAC_SECRET')).toEqual([])
  })

  it('npm run worker on a database without migrations refers to npm start', async () => {
    const empty = await createEmptyTestDatabase()
    const worker = await runWorker({ DATABASE_URL: empty.url, GITHUB_DISPATCH_TOKEN: 'x', DATA_DIR: newDataDir() })
    expect(worker).toEqual({ code: 1, err: expect.stringContaining('npm start') })
    await empty.drop()
  })
})
