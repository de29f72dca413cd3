import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agreeOnSecrets } from '~/launch/secrets'
import { sealAudit } from '~/server/audit/seal-audit'
import { verifyAudit } from '~/server/audit/verify-audit'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { createDeps, type Deps } from '~/server/deps'
import { readServerConfig } from '~/server/platform/config'
import { addJob } from '~/server/platform/jobs.sql'
import { deleteOldRecords } from '~/server/retention/delete-old-records'
import { AUTH_SECRET, CALLBACK_SECRET, insertDeployAt } from '~test/support/console'
import { createEmptyTestDatabase } from '~test/support/database'
import { onDatabase } from '~test/support/migrated-template'
import { queuedJobs, runQueue } from '~test/support/run-queue'
import { signedCallback } from '~test/support/signed-callback'
import { createTwoRoles, prepare, type TwoRoles } from '~test/support/two-roles'

let urls: TwoRoles
let deps: Deps
const asServer = (sql: string) => onDatabase(urls.url, (client) => client.query(sql))

beforeAll(async () => {
  urls = await createTwoRoles()
  expect((await prepare(urls)).isTrailExposed).toBe(false)
  const config = { DATABASE_URL: urls.url, GITHUB_API_URL: 'http://127.0.0.1:9/api/v3', GITHUB_DISPATCH_TOKEN: 'token' }
  const secrets = { DEPLOY_CALLBACK_HMAC_SECRET: CALLBACK_SECRET, AUTH_SECRET, LOG_LEVEL: 'silent' }
  deps = createDeps(readServerConfig({ ...config, ...secrets }))
})
afterAll(async () => {
  await deps.db.$disconnect()
  await urls.drop()
})

describe('the role of servers and workers, beside an owner that is no superuser', () => {
  it('records a callback, runs a job, seals the audit trail and deletes old records', async () => {
    const { id } = await insertDeployAt(deps, 'building')
    const callback = signedCallback(id, { status: 'deploying', log_line: 'on' })
    expect((await receiveCallback(deps, callback, id)).status).toBe(200)
    await addJob(deps.db, { task: 'notify_outcome', payload: { deployId: id } })
    await runQueue(deps)
    expect(await queuedJobs(deps)).toEqual([])
    await sealAudit(deps)
    expect(await verifyAudit(deps)).toMatchObject({ sealed: '1', waiting: 0, firstBreak: null })
    expect(await deleteOldRecords(deps, new AbortController().signal)).toBe('done')
  })

  it.each([
    ['change an audit event', `UPDATE audit_events SET actor = 'nobody'`],
    ['delete an audit event', 'DELETE FROM audit_events'],
    ['empty the audit trail', 'TRUNCATE audit_events'],
    ['delete a seal', 'DELETE FROM audit_seals'],
    ['change who gave whom access', `UPDATE access_given SET at_utc = now()`],
    ['change which migrations were applied', 'DELETE FROM _prisma_migrations'],
    ['delete a deploy, to write another history of it', 'DELETE FROM console_deploys'],
    ['delete an approval', 'DELETE FROM approvals'],
    ['delete a surface', 'DELETE FROM surfaces'],
    ['empty a table whose rows it may delete', 'TRUNCATE deliveries'],
    ['disable a trigger', 'ALTER TABLE audit_events DISABLE TRIGGER ALL'],
    ['remove a trigger', 'DROP TRIGGER console_deploys_forward_only ON console_deploys'],
    [
      'replace a function',
      'CREATE OR REPLACE FUNCTION audit_events_refuse_change() RETURNS trigger AS $$ $$ LANGUAGE sql',
    ],
    ['skip triggers', 'SET session_replication_role = replica'],
    ['create a table', 'CREATE TABLE more (id int)'],
    ['act as the owner', 'SET ROLE owner'],
  ])('cannot %s', async (_, sql) => {
    await expect(asServer(sql.replace('SET ROLE owner', `SET ROLE ${urls.owner}`))).rejects.toMatchObject({
      code: '42501',
    })
  })

  it('may delete rows of exactly the tables of which the console or its sign-in library deletes rows', async () => {
    const granted = await deps.db.$queryRaw<{ table_name: string }[]>`
      SELECT table_name FROM information_schema.role_table_grants
      WHERE table_schema = current_schema() AND privilege_type = 'DELETE' AND grantee = current_user`
    const ofLibrary = ['sessions', 'accounts', 'verifications', 'two_factors', 'passkeys', 'rate_limits']
    const expected = new Set([...ofLibrary, ...tablesWithDeletions()])
    expect(granted.map(({ table_name: name }) => name).sort()).toEqual([...expected].sort())
  })

  it('gets its rights while a backup holds a table of jobs, without a queue of queries behind the wait', async () => {
    const secure = 'ALTER TABLE graphile_worker._private_jobs ENABLE ROW LEVEL SECURITY'
    await onDatabase(urls.ownerUrl, (owner) => owner.query(secure))
    await onDatabase(urls.ownerUrl, async (backup) => {
      await backup.query('BEGIN; LOCK TABLE graphile_worker._private_jobs IN ACCESS SHARE MODE')
      let prepared: Promise<unknown> | undefined
      await new Promise<void>((resolve, reject) => {
        prepared = prepare(urls, { onWait: resolve })
        prepared.then(() => reject(new Error('it did not wait')), reject)
      })
      await backup.query('COMMIT')
      expect(await prepared).toMatchObject({ isTrailExposed: false })
    })
    await addJob(deps.db, { task: 'notify_outcome', payload: { deployId: uuidv7() } })
  })

  it('keeps its rights when several processes prepare the database at once', async () => {
    await Promise.all([1, 2, 3].map(() => prepare(urls)))
    await insertDeployAt(deps, 'building')
  })
})

/** The tables of which a source file deletes rows, through Prisma or by hand. */
function tablesWithDeletions(): string[] {
  const schema = readFileSync(path.resolve('prisma/schema.prisma'), 'utf8')
  const tables = new Map(
    [...schema.matchAll(/^model (\w+) \{[^}]*@@map\("(\w+)"\)/gm)].map(([, model = '', table = '']) => [
      model.toLowerCase(),
      table,
    ]),
  )
  return readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('generated'))
    .map((file) => readFileSync(path.join('src', file), 'utf8'))
    .flatMap((source) => [
      ...[...source.matchAll(/\.(\w+)\.delete(?:Many)?\(/g)].map(([, model = '']) => tables.get(model.toLowerCase())),
      ...[...source.matchAll(/DELETE FROM "(\w+)"/g)].map(([, table]) => table),
    ])
    .filter((table) => table !== undefined)
}

describe('a start with addresses of different databases', () => {
  it('is refused before it applies migrations to the one of DATABASE_OWNER_URL, and creates none', async () => {
    const elsewhere = await createEmptyTestDatabase()
    const absent = Object.assign(new URL(urls.ownerUrl), { pathname: '/absent' }).href
    await expect(prepare({ url: urls.url, ownerUrl: elsewhere.url })).rejects.toThrow('lead to different databases')
    await expect(prepare({ url: urls.url, ownerUrl: absent })).rejects.toThrow('one that does not exist')
    await expect(onDatabase(absent, () => Promise.resolve())).rejects.toMatchObject({ code: '3D000' })
    const tables = `SELECT 1 / count(*) FROM pg_class WHERE relname = '_prisma_migrations'`
    await expect(onDatabase(elsewhere.url, (client) => client.query(tables))).rejects.toThrow('division by zero')
    await elsewhere.drop()
  })

  it('is refused before jobs wait in the one of DATABASE_DIRECT_URL', async () => {
    const elsewhere = await createEmptyTestDatabase()
    const agree = (databaseDirectUrl: string) =>
      agreeOnSecrets({ config: { ...deps.config, databaseDirectUrl }, dataDir: '/nowhere', databaseUrl: urls.url })
    await expect(agree(elsewhere.url)).rejects.toThrow(
      'DATABASE_URL and DATABASE_DIRECT_URL lead to different databases',
    )
    await expect(agree(urls.ownerUrl)).resolves.toMatchObject({ auth: [AUTH_SECRET] })
    await elsewhere.drop()
  })
})

it('a single role for everything works, and the start is told that it can change the audit trail', async () => {
  const single = { url: urls.ownerUrl, ownerUrl: urls.ownerUrl }
  expect(await prepare(single)).toEqual({ missing: [], changed: [], isTrailExposed: true })
})
