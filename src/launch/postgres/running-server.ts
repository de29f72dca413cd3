import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { isAlive, workingDirectoryOf } from '../process/process-state.ts'
import { DATABASE_USER } from './initialise-cluster.ts'

export interface ServerAddress {
  readonly port: number
  readonly password: string
}

export function databaseUrl({ port, password }: ServerAddress, database: string): string {
  return `postgresql://${DATABASE_USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
}

/** `ours` serves our cluster; `other` is anything else on the port; `starting` will be ours soon, or is ending. */
type WhoListens = 'ours' | 'other' | 'starting' | 'nobody'

/**
 * Who answers on the port. The cluster a server says it serves proves nothing (paths differ per view, copies share all ids):
 * so a file with a name nobody else knows is laid into our cluster, and the server is asked whether it sees it.
 */
export async function whoListens(cluster: string, address: ServerAddress): Promise<WhoListens> {
  const client = new pg.Client({ connectionString: databaseUrl(address, 'postgres'), connectionTimeoutMillis: 5_000 })
  client.on('error', () => undefined)
  const name = `seen-by-its-server-${randomUUID()}`
  const file = path.join(cluster, name)
  try {
    await client.connect()
    writeFileSync(file, '', { mode: 0o600 })
    const { rows } = await client.query<{ seen: boolean }>('SELECT (pg_stat_file($1, true)).size IS NOT NULL AS seen', [
      name,
    ])
    return rows[0]?.seen === true ? 'ours' : 'other'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return 'nobody'
    return code === '57P03' ? 'starting' : 'other' // cannot_connect_now
  } finally {
    rmSync(file, { force: true })
    // Not awaited: on a client that never connected this does not always settle.
    void client.end().catch(() => undefined)
  }
}

export interface LockOwner {
  readonly pid: number
  readonly port: number
}

/** Who the cluster's lock file names, if that process is alive and really serves this cluster. */
export function lockOwner(cluster: string): LockOwner | undefined {
  const lock = path.join(cluster, 'postmaster.pid')
  if (!existsSync(lock)) return undefined
  // Lines of the file: process, data directory, start time, port (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_*).
  const lines = readFileSync(lock, 'utf8').split('\n')
  const pid = Number(lines[0])
  if (!isAlive(pid) || workingDirectoryOf(pid) !== realpathSync(cluster)) return undefined
  return { pid, port: Number(lines[3]) }
}

/** PostgreSQL itself takes any living process with the number in the file, even a zombie, for a server. */
export function removeStaleLock(cluster: string): void {
  if (lockOwner(cluster) === undefined) rmSync(path.join(cluster, 'postmaster.pid'), { force: true })
}
