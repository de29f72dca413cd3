import path from 'node:path'
import type { Account } from './account.ts'

/** How PostgreSQL's programs are run on one cluster. */
export interface Programs {
  /** The directory with `bin`, `lib` and `share`. */
  readonly native: string
  readonly account: Account | undefined
}

export function programPath(programs: Programs, name: 'postgres' | 'initdb'): string {
  return path.join(programs.native, 'bin', name)
}

/**
 * DATA_DIR is private to us (0700), so another account cannot walk the path to the cluster in it. It needs not: the child
 * enters its working directory while it is still root, and /proc/self/cwd names that place without a walk.
 */
export function clusterArgument(programs: Programs, cluster: string): string {
  return programs.account === undefined ? cluster : '/proc/self/cwd'
}

/** Nothing of our own environment: no PG* variable may bend the server, and no secret belongs there. */
const ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
  LC_ALL: 'C',
  TZ: 'UTC',
  NODE_ENV: 'production', // means nothing to it; Next's types want it in every environment
}

export function programOptions(programs: Programs, cluster: string) {
  const { account } = programs
  return {
    cwd: cluster,
    env: ENVIRONMENT,
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
  }
}
