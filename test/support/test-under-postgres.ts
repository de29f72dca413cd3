import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { freePort } from '~/launch/machine/ports'
import { findDatabaseAccount } from '~/launch/postgres/programs'
import { databaseUrl, startPostgresServer } from '~/launch/postgres/running-server'

// `npm run test:postgres -- 15`: runs the tests of what PostgreSQL itself must do on another version of it, those that need its tools
// (backup), and those behind PgBouncer; or only the files that are named after the version. Debian's packages: postgresql-15, pgbouncer (1.21 or newer, or name one in PGBOUNCER).

/** They hold the schema, its guards, roles, queries by hand, the queue and the sealer. */
const FILES = [
  ...['database', 'audit', 'rollback/migrations', 'deploys/long-history', 'live/hub', 'schema-engine/schema-drift'],
  ...['callbacks/races', 'callbacks/transitions', 'worker/old-records', 'worker/queue'],
].map((file) => `test/integration/${file}`)

const [version = '', ...only] = process.argv.slice(2)
const native = process.env['POSTGRES_HOME'] ?? `/usr/lib/postgresql/${version}`
if (!/^\d+$/.test(version) || !existsSync(path.join(native, 'bin/initdb'))) {
  process.stderr.write(
    `There is no ${native}/bin/initdb. Name a version, for example "npm run test:postgres -- 15", and install it ` +
      '(Debian: apt-get install postgresql-15), or set POSTGRES_HOME to the directory that holds its bin.\n',
  )
  process.exit(2)
}

const account = findDatabaseAccount()
// Not below TMPDIR, which may be private to this account.
const directory = mkdtempSync('/tmp/deploy-console-postgres-')
const cluster = path.join(directory, 'cluster')
const password = randomBytes(24).toString('base64url')
const passwordFile = path.join(directory, 'password')
mkdirSync(cluster, { mode: 0o700 })
writeFileSync(passwordFile, password, { mode: 0o600 })
if (account !== undefined)
  for (const file of [directory, cluster, passwordFile]) chownSync(file, account.uid, account.gid)
execFileSync(
  path.join(native, 'bin/initdb'),
  [
    `--pgdata=${cluster}`,
    '--username=console',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale=C.UTF-8',
  ],
  { stdio: ['ignore', 'ignore', 'inherit'], ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }) },
)
const port = await freePort()
const server = await startPostgresServer(
  { native, account },
  cluster,
  { port, password },
  {
    logFile: path.join(directory, 'log'),
    settings: ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=300'],
  },
)
const env = {
  ...process.env,
  TEST_DATABASE_URL: databaseUrl({ port, password }, 'postgres'),
  TEST_POSTGRES_BIN: path.join(native, 'bin'),
}
let failed = false
try {
  const runs =
    only.length > 0
      ? [only]
      : [
          ['--project', 'integration', ...FILES],
          ['--project', 'postgres'],
        ]
  for (const args of runs) {
    const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...args], {
      env,
      stdio: 'inherit',
    })
    failed ||= status !== 0
  }
} finally {
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
}
process.stdout.write(`\n${failed ? 'Failed' : 'Passed'} on PostgreSQL ${version}\n`)
process.exit(failed ? 1 : 0)
