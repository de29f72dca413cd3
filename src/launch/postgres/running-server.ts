import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, fstatSync, openSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { isAlive, workingDirectoryOf } from '../machine/process-state.ts'
import { waitFor, within } from '../machine/wait-for.ts'
import { DATABASE_USER } from './initialise-cluster.ts'
import { clusterArgument, type Programs, programOptions, programPath } from './programs.ts'

export interface ServerAddress {
  readonly port: number
  readonly password: string
}

export function databaseUrl({ port, password }: ServerAddress, database: string, user = DATABASE_USER): string {
  return `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
}

/** `ours` serves the cluster. `other` is another program on the port. `starting`: the server is starting or stopping. */
type WhoListens = 'ours' | 'other' | 'starting' | 'nobody'

/**
 * Tells who listens on a port. A server's own path or id proves nothing, because copies share them. So a file with a random name
 * is put into the cluster, and the server is asked for it.
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
    // Not awaited: this may never settle for a client without a connection.
    void client.end().catch(() => undefined)
  }
}

interface LockOwner {
  readonly pid: number
  readonly port: number
}

/** The process in the cluster's lock file, if it is alive and serves this cluster. */
export function lockOwner(cluster: string): LockOwner | undefined {
  const lock = path.join(cluster, 'postmaster.pid')
  if (!existsSync(lock)) return undefined
  // Lines of the file: process, data directory, start time, port (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_*).
  const lines = readFileSync(lock, 'utf8').split('\n')
  const pid = Number(lines[0])
  if (!isAlive(pid) || workingDirectoryOf(pid) !== realpathSync(cluster)) return undefined
  return { pid, port: Number(lines[3]) }
}

/** PostgreSQL takes any process with the file's number for a server, even a zombie. */
function removeStaleLock(cluster: string): void {
  if (lockOwner(cluster) === undefined) rmSync(path.join(cluster, 'postmaster.pid'), { force: true })
}

/** Recovery after a crash replays the write-ahead log, which is slow on a slow disk. */
const START_WITHIN_MS = 120_000
/** A "fast" shutdown ends all sessions and writes a checkpoint. */
const STOP_WITHIN_MS = 30_000

export interface RunningServer {
  readonly pid: number
  /** True if a killed launcher left the server running. */
  readonly adopted: boolean
  /** Settles when the server has ended. */
  readonly exited: Promise<string>
  readonly stop: () => Promise<void>
  /** Stops without a checkpoint. The next start recovers. */
  readonly stopAtOnce: () => void
}

export interface ServerOptions {
  readonly logFile: string
  /** More `name=value` settings, for the throw-away clusters of tests. */
  readonly settings?: readonly string[]
}

export async function startPostgresServer(
  programs: Programs,
  cluster: string,
  address: ServerAddress,
  options: ServerOptions,
): Promise<RunningServer> {
  const end = performance.now() + 15_000
  for (;;) {
    removeStaleLock(cluster)
    const log = openSync(options.logFile, 'a', 0o600)
    const from = fstatSync(log).size
    const child = spawnServer(programs, cluster, address, options.settings ?? [], log)
    closeSync(log)
    try {
      return await untilReady(child, cluster, address)
    } catch (error) {
      const said = readFileSync(options.logFile, 'utf8').slice(from).trim()
      // The children of a killed server keep its shared memory for a moment.
      if (said.includes('pre-existing shared memory block') && performance.now() < end) continue
      throw new Error(`PostgreSQL did not start: ${error instanceof Error ? error.message : error}\n${lastLines(said)}`)
    }
  }
}

/** Adopts a server that already serves the cluster. */
export function adoptServer(pid: number): RunningServer {
  let asked = false
  const gone = waitFor(() => (isAlive(pid) ? undefined : true), { withinMs: Number.POSITIVE_INFINITY, everyMs: 500 })
  return {
    pid,
    adopted: true,
    exited: gone.then(() => (asked ? 'stopped' : 'ended by itself')),
    stop: () => {
      asked = true
      return stopServer(pid)
    },
    stopAtOnce: () => {
      asked = true
      signal(pid, 'SIGQUIT')
    },
  }
}

function spawnServer(
  programs: Programs,
  cluster: string,
  { port }: ServerAddress,
  settings: readonly string[],
  log: number,
): ChildProcess {
  const all = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'password_encryption=scram-sha-256',
    'timezone=UTC',
    'log_timezone=UTC',
    ...settings,
  ]
  const args = ['-D', clusterArgument(programs, cluster), '-p', String(port), ...all.flatMap((one) => ['-c', one])]
  // Its own process group: Ctrl-C reaches the launcher alone, which stops the database last.
  return spawn(programPath(programs, 'postgres'), args, {
    ...programOptions(programs, cluster),
    detached: true,
    stdio: ['ignore', log, log],
  })
}

async function untilReady(child: ChildProcess, cluster: string, address: ServerAddress): Promise<RunningServer> {
  let ended: string | undefined
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
  })
  void exited.then((how) => {
    ended = how
  })
  const ready = await waitFor(
    async () => ended ?? ((await whoListens(cluster, address)) === 'ours' ? 'ready' : undefined),
    {
      withinMs: START_WITHIN_MS,
    },
  )
  const { pid } = child
  if (pid === undefined || ended !== undefined) throw new Error(ended ?? 'it has no process')
  if (ready === undefined) {
    await stopServer(pid)
    throw new Error(`it does not answer on port ${address.port} after ${START_WITHIN_MS / 1000} s`)
  }
  return { pid, adopted: false, exited, stop: () => stopServer(pid), stopAtOnce: () => signal(pid, 'SIGQUIT') }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // The process has ended already.
  }
}

/** SIGINT is PostgreSQL's "fast" shutdown, SIGQUIT the "immediate" one with recovery at the next start. */
async function stopServer(pid: number): Promise<void> {
  const gone = (): true | undefined => (isAlive(pid) ? undefined : true)
  for (const [name, withinMs] of [
    ['SIGINT', STOP_WITHIN_MS],
    ['SIGQUIT', 10_000],
    ['SIGKILL', 5_000],
  ] as const) {
    if (!isAlive(pid)) return
    signal(pid, name)
    if (await within(withinMs + 1_000, waitFor(gone, { withinMs, everyMs: 20 }))) return
  }
}

function lastLines(text: string, count = 15): string {
  return text.split('\n').slice(-count).join('\n')
}

/** Waits for a server that is starting or stopping on the cluster. */
export async function settled(cluster: string, password: string): Promise<LockOwner | 'gone' | 'stuck'> {
  const outcome = await waitFor(
    async () => {
      const owner = lockOwner(cluster)
      if (owner === undefined) return 'gone' as const
      return (await whoListens(cluster, { port: owner.port, password })) === 'ours' ? owner : undefined
    },
    { withinMs: START_WITHIN_MS, everyMs: 200 },
  )
  return outcome ?? 'stuck'
}
