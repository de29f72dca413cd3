import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import type { Config } from '../../server/platform/config.ts'
import { freePort, isPortFree } from '../machine/ports.ts'
import { ensurePrivateDirectory, rememberedText, writePrivateFile } from '../machine/private-files.ts'
import { initialiseCluster } from '../postgres/initialise-cluster.ts'
import { findDatabaseAccount, type Programs } from '../postgres/programs.ts'
import {
  adoptServer,
  databaseUrl,
  lockOwner,
  type RunningServer,
  type ServerAddress,
  type ServerOptions,
  settled,
  startPostgresServer,
  whoListens,
} from '../postgres/running-server.ts'
import { prepareRuntime } from '../postgres/runtime.ts'

/** Two roles of one database (docs/adr/053). They may be the same. */
export interface DatabaseUrls {
  /** The role of servers and workers. */
  readonly url: string
  /** The role that owns the tables and applies migrations. */
  readonly ownerUrl: string
}

/** The database of the configuration. Undefined: the embedded one. */
export function configuredDatabase(config: Config): DatabaseUrls | undefined {
  const { databaseUrl: url, databaseDirectUrl, databaseOwnerUrl } = config
  return url === undefined ? undefined : { url, ownerUrl: databaseOwnerUrl ?? databaseDirectUrl ?? url }
}

/** A database of the embedded server. The sandbox has its own (docs/adr/033). */
export type DatabaseName = 'console' | 'sandbox'

export const databaseName = ({ githubCredentials }: Pick<Config, 'githubCredentials'>): DatabaseName =>
  githubCredentials === undefined ? 'sandbox' : 'console'

/** The role of servers and workers. The cluster's own role, a superuser, owns the tables (docs/adr/053). */
const SERVER_ROLE = 'console_server'

export interface EmbeddedPostgres extends RunningServer, DatabaseUrls {
  readonly port: number
  /** The port of the last start, if another program has taken it. */
  readonly movedFromPort: number | undefined
}

/**
 * Starts PostgreSQL on the cluster below a directory, and creates the cluster if there is none. Adopts a server that already
 * serves this cluster.
 * @param directory private (0700). It holds everything of the database.
 */
export async function startEmbeddedPostgres(
  directory: string,
  database: DatabaseName,
  options: ServerOptions,
): Promise<EmbeddedPostgres> {
  ensurePrivateDirectory(directory)
  const account = findDatabaseAccount()
  const programs: Programs = { native: prepareRuntime(account, directory), account }
  const password = rememberedPassword(directory)
  const cluster = await initialiseCluster(programs, directory, password)
  const remembered = rememberedPort(directory)
  const { server, port } = await serve(programs, cluster, { port: remembered, password }, options)
  if (port !== remembered) writePrivateFile(portFile(directory), `${port}\n`)
  const urls = await ensureDatabase(directory, { port, password }, database)
  return {
    ...server,
    ...urls,
    port,
    movedFromPort: remembered === undefined || remembered === port ? undefined : remembered,
  }
}

/** The URLs of the database below a directory, if its server is running. */
export async function runningDatabase(directory: string, database: DatabaseName): Promise<DatabaseUrls | undefined> {
  const cluster = path.join(directory, 'cluster')
  const owner = lockOwner(cluster)
  if (owner === undefined) return undefined
  const address = { port: owner.port, password: rememberedPassword(directory) }
  if ((await whoListens(cluster, address)) !== 'ours') return undefined
  return await ensureDatabase(directory, address, database)
}

async function serve(
  programs: Programs,
  cluster: string,
  last: { readonly port: number | undefined; readonly password: string },
  options: ServerOptions,
): Promise<{ readonly server: RunningServer; readonly port: number }> {
  const { password } = last
  const state = await settled(cluster, password)
  if (state === 'stuck') {
    throw new Error(
      `Process ${lockOwner(cluster)?.pid} serves the embedded database in ${cluster}, but does not answer. ` +
        'Nothing was changed. End that process (kill -INT) and start again.',
    )
  }
  if (state !== 'gone') return { server: adoptServer(state.pid), port: state.port }
  const port = last.port !== undefined && (await isPortFree(last.port)) ? last.port : await freePort()
  return { server: await startPostgresServer(programs, cluster, { port, password }, options), port }
}

/** Creates the database and the server's role, unless they exist. Versions without the role used the cluster's own one. */
async function ensureDatabase(
  directory: string,
  address: ServerAddress,
  database: DatabaseName,
): Promise<DatabaseUrls> {
  const password = rememberedText(path.join(directory, 'server-password'), newPassword)
  const client = new pg.Client({ connectionString: databaseUrl(address, 'postgres') })
  await client.connect()
  try {
    const databases = await client.query('SELECT FROM pg_database WHERE datname = $1', [database])
    if (databases.rowCount === 0) await create(client, `DATABASE ${pg.escapeIdentifier(database)}`)
    const roles = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [SERVER_ROLE])
    if (roles.rowCount === 0) {
      await create(client, `ROLE ${SERVER_ROLE} LOGIN PASSWORD ${pg.escapeLiteral(scramVerifier(password))}`)
    }
  } finally {
    await client.end()
  }
  return {
    url: databaseUrl({ port: address.port, password }, database, SERVER_ROLE),
    ownerUrl: databaseUrl(address, database),
  }
}

/** `duplicate_database`, `duplicate_object`, and `unique_violation` if both began before either ended. */
const EXISTS = ['42P04', '42710', '23505']

/** Another process of this directory, such as a command beside the start, may create the same at the same time. */
async function create(client: pg.Client, what: string): Promise<void> {
  await client.query(`CREATE ${what}`).catch((error: unknown) => {
    if (!(error instanceof pg.DatabaseError) || !EXISTS.includes(error.code ?? '')) throw error
  })
}

/** What PostgreSQL stores of a password (RFC 5803). So the password itself is in no statement, and in no log of one that fails. */
function scramVerifier(password: string): string {
  const salt = randomBytes(16)
  const iterations = 4_096
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest()
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`
}

const newPassword = () => randomBytes(24).toString('base64url')

function rememberedPassword(directory: string): string {
  return rememberedText(path.join(directory, 'password'), newPassword)
}

function portFile(directory: string): string {
  return path.join(directory, 'port')
}

function rememberedPort(directory: string): number | undefined {
  if (!existsSync(portFile(directory))) return undefined
  const port = Number(readFileSync(portFile(directory), 'utf8'))
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}
