import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { freePort } from '~/launch/machine/ports'
import { type Account, findDatabaseAccount } from '~/launch/postgres/programs'
import { databaseUrl, startPostgresServer } from '~/launch/postgres/running-server'
import { findPackagedBinaries, POSTGRES_PACKAGE, prepareRuntime } from '~/launch/postgres/runtime'

// `npm run test:postgres -- 15`: runs the tests of what PostgreSQL itself must do on another version of it, those that need its tools
// (backup), and those behind PgBouncer; or only the files that are named after the version. Debian's packages: postgresql-15, pgbouncer (1.21 or newer, or name one in PGBOUNCER).
// Without the system's packages, the server comes from npm's, which has no tools: the tests that need them are left out, and named.

/** They hold the schema, its guards, roles, queries by hand, the queue and the sealer. */
const FILES = [
  ...['database', 'audit', 'rollback/migrations', 'deploys/long-history', 'live/hub', 'schema-engine/schema-drift'],
  ...['callbacks/races', 'callbacks/transitions', 'worker/old-records', 'worker/queue'],
].map((file) => `test/integration/${file}`)

const [version = '', ...only] = process.argv.slice(2)
const installed = process.env['POSTGRES_HOME'] ?? `/usr/lib/postgresql/${version}`
if (!/^\d+$/.test(version)) {
  process.stderr.write('Name a version, for example "npm run test:postgres -- 15".\n')
  process.exit(2)
}

const account = findDatabaseAccount()
// Not below TMPDIR, which may be private to this account.
const directory = mkdtempSync('/tmp/deploy-console-postgres-')
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
if (account !== undefined) chownSync(directory, account.uid, account.gid)
const hasTools = existsSync(path.join(installed, 'bin/initdb'))
const native = hasTools ? installed : installPackaged(account)
const cluster = path.join(directory, 'cluster')
const password = randomBytes(24).toString('base64url')
const passwordFile = path.join(directory, 'password')
mkdirSync(cluster, { mode: 0o700 })
writeFileSync(passwordFile, password, { mode: 0o600 })
if (account !== undefined) for (const file of [cluster, passwordFile]) chownSync(file, account.uid, account.gid)
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
      : [['--project', 'integration', ...FILES], ...(hasTools ? [['--project', 'postgres']] : [])]
  for (const args of runs) {
    const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...args], {
      env,
      stdio: 'inherit',
    })
    failed ||= status !== 0
  }
} finally {
  await server.stop()
}
process.stdout.write(`\n${failed ? 'Failed' : 'Passed'} on PostgreSQL ${version}\n`)
if (!hasTools) {
  const how = `Debian: apt-get install postgresql-${version}; or set POSTGRES_HOME to the directory that holds its bin`
  process.stdout.write(`Not run: test/postgres, which needs the tools of PostgreSQL ${version} (${how}).\n`)
}
process.exit(failed ? 1 : 0)

/** Installs the newest release of the version from npm, for this run alone, and answers with the directory of its programs. */
function installPackaged(owner: Account | undefined): string {
  const listed = execFileSync('npm', ['view', POSTGRES_PACKAGE, 'versions', '--json'], { encoding: 'utf8' })
  const release = z
    .array(z.string())
    .parse(JSON.parse(listed))
    .filter((one) => one.startsWith(`${version}.`))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1)
  if (release === undefined) {
    process.stderr.write(
      `There is no ${installed}/bin/initdb, and npm has no PostgreSQL ${version} for this machine.\n`,
    )
    process.exit(2)
  }
  const prefix = path.join(directory, 'package')
  process.stdout.write(`There is no ${installed}/bin/initdb; installing ${POSTGRES_PACKAGE}@${release} …\n`)
  const args = ['install', '--silent', '--no-save', '--ignore-scripts', '--prefix', prefix]
  execFileSync('npm', [...args, `${POSTGRES_PACKAGE}@${release}`], { stdio: 'inherit' })
  return prepareRuntime(owner, directory, findPackagedBinaries(path.join(prefix, 'node_modules', POSTGRES_PACKAGE)))
}
