import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { type Log, openLog } from '~/server/platform/open-log'
import type { Progress } from './progress.ts'

/** The logs of a start. PostgreSQL writes its own, `postgres.log` in `directory`. */
export interface Logs {
  readonly directory: string
  readonly server: PlacedLog
  readonly sandbox: PlacedLog
  /** Whether lines go to standard output, so that none of them has to be shown again. */
  readonly areShown: boolean
  readonly reopen: () => void
}

interface PlacedLog extends Log {
  /** For messages. */
  readonly place: string
}

const nothing = (): void => undefined

/** `logFile` is the setting: undefined for files below DATA_DIR, `off` for standard output, or the server's file. */
export function openLogs(
  {
    dataDir,
    projectDirectory,
    logFile,
  }: Readonly<Record<'dataDir' | 'projectDirectory', string>> & { logFile: string | undefined },
  progress: Pick<Progress, 'warn'>,
): Logs {
  const directory = path.join(dataDir, 'logs')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const areShown = logFile === 'off'
  const place = (file: string): PlacedLog => {
    if (areShown) return { ...openLog(undefined, nothing), place: 'standard output' }
    const full = path.resolve(projectDirectory, file)
    const warn = (code: string) => progress.warn(`The log ${full} cannot be written (${code}). Lines are lost.`)
    return { ...openLog(full, warn), place: full }
  }
  const server = place(logFile ?? path.join(directory, 'server.log'))
  const sandbox = place(path.join(directory, 'sandbox.log'))
  return {
    directory,
    server,
    sandbox,
    areShown,
    reopen: () => {
      server.reopen()
      sandbox.reopen()
    },
  }
}
