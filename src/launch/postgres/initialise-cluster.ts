import { spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { clusterArgument, type Programs, programOptions, programPath } from './programs.ts'

export const DATABASE_USER = 'console'

/**
 * Creates a cluster in a temporary directory and renames the directory when the cluster is complete.
 * @param directory holds the cluster and, for a moment, the password file.
 */
export async function initialiseCluster(programs: Programs, directory: string, password: string): Promise<string> {
  const cluster = path.join(directory, 'cluster')
  if (existsSync(cluster)) return cluster
  const unfinished = path.join(directory, 'cluster.unfinished')
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { mode: 0o700 })
  const passwordFile = path.join(directory, 'initdb-password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (programs.account !== undefined) {
    chownSync(unfinished, programs.account.uid, programs.account.gid)
    chownSync(passwordFile, programs.account.uid, programs.account.gid)
  }
  try {
    await runInitdb(programs, unfinished, passwordFile)
    chmodSync(unfinished, 0o700)
    renameSync(unfinished, cluster)
  } finally {
    rmSync(passwordFile, { force: true })
  }
  return cluster
}

async function runInitdb(programs: Programs, cluster: string, passwordFile: string): Promise<void> {
  // Passed as an open file, because the other account may not be able to follow its path.
  const file = openSync(passwordFile, 'r')
  try {
    const child = spawn(
      programPath(programs, 'initdb'),
      [
        `--pgdata=${clusterArgument(programs, cluster)}`,
        `--username=${DATABASE_USER}`,
        '--auth=scram-sha-256',
        '--pwfile=/dev/fd/3',
        '--encoding=UTF8',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
      ],
      { ...programOptions(programs, cluster), stdio: ['ignore', 'pipe', 'pipe', file] },
    )
    const { stdout, stderr } = child
    if (stdout === null || stderr === null) throw new Error('initdb was started without its output')
    const outcome = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    const [code, out, err] = await Promise.all([outcome, text(stdout), text(stderr)])
    if (code !== 0) throw new Error(`PostgreSQL's initdb failed (exit ${code}):\n${out}${err}`.trimEnd())
  } catch (error) {
    throw new Error(
      `The embedded database could not be created: ${error instanceof Error ? error.message : error}\n` +
        'Nothing was kept. Start again, or set DATABASE_URL to a PostgreSQL of yours.',
    )
  } finally {
    closeSync(file)
  }
}
