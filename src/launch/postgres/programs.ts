import { execFileSync } from 'node:child_process'
import path from 'node:path'

/** The account that runs PostgreSQL if the launcher runs as root. PostgreSQL refuses to run as root. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

const CANDIDATES = ['postgres', 'nobody']

/** Undefined if the launcher runs as an ordinary user. */
export function findDatabaseAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  if (process.platform !== 'linux') {
    throw new Error(
      'The embedded PostgreSQL does not run as root on this system. Start as an ordinary user, or set DATABASE_URL.',
    )
  }
  for (const name of CANDIDATES) {
    const uid = idOf('-u', name)
    const gid = idOf('-g', name)
    if (uid !== undefined && gid !== undefined && uid !== 0) return { name, uid, gid }
  }
  throw new Error(
    'PostgreSQL does not run as root, and this machine has neither an account "postgres" nor "nobody" to run it as. ' +
      'Nothing was started. Create one (useradd --system postgres), start as an ordinary user, or set DATABASE_URL.',
  )
}

function idOf(flag: '-u' | '-g', name: string): number | undefined {
  try {
    return Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' }))
  } catch {
    return undefined
  }
}

export interface Programs {
  /** The directory with `bin`, `lib` and `share`. */
  readonly native: string
  readonly account: Account | undefined
}

export function programPath(programs: Programs, name: 'postgres' | 'initdb'): string {
  return path.join(programs.native, 'bin', name)
}

/**
 * DATA_DIR is private (0700), so another account cannot follow the path to the cluster. But a child enters its working directory
 * as root, and /proc/self/cwd names that directory.
 */
export function clusterArgument(programs: Programs, cluster: string): string {
  return programs.account === undefined ? cluster : '/proc/self/cwd'
}

/** Inherits nothing: no PG* variable may change the server, and no secret may reach it. */
const ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
  LC_ALL: 'C',
  TZ: 'UTC',
  NODE_ENV: 'production', // ignored; Next's types require it
}

export function programOptions(programs: Programs, cluster: string) {
  const { account } = programs
  return {
    cwd: cluster,
    env: ENVIRONMENT,
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
  }
}
