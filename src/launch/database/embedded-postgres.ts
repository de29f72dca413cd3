import { randomBytes } from 'node:crypto'
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

/** A database of the embedded server. The sandbox has its own (docs/adr/033). */
export type DatabaseName = 'console' | 'sandbox'

export const databaseName = ({ githubCredentials }: Pick<Config, 'githubCredentials'>): DatabaseName =>
  githubCredentials === undefined ? 'sandbox' : 'console'

export interface EmbeddedPostgres extends RunningServer {
  readonly url: string
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
  await ensureDatabase({ port, password }, database)
  return {
    ...server,
    port,
    url: databaseUrl({ port, password }, database),
    movedFromPort: remembered === undefined || remembered === port ? undefined : remembered,
  }
}

/** The URL of the database below a directory, if its server is running. */
export async function runningDatabaseUrl(directory: string, database: DatabaseName): Promise<string | undefined> {
  const cluster = path.join(directory, 'cluster')
  const owner = lockOwner(cluster)
  if (owner === undefined) return undefined
  const address = { port: owner.port, password: rememberedPassword(directory) }
  if ((await whoListens(cluster, address)) !== 'ours') return undefined
  await ensureDatabase(address, database)
  return databaseUrl(address, database)
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

async function ensureDatabase(address: ServerAddress, database: DatabaseName): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl(address, 'postgres') })
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)}`)
  } finally {
    await client.end()
  }
}

function rememberedPassword(directory: string): string {
  return rememberedText(path.join(directory, 'password'), () => randomBytes(24).toString('base64url'))
}

function portFile(directory: string): string {
  return path.join(directory, 'port')
}

function rememberedPort(directory: string): number | undefined {
  if (!existsSync(portFile(directory))) return undefined
  const port = Number(readFileSync(portFile(directory), 'utf8'))
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}
