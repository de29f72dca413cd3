import path from 'node:path'
import type { Config } from '~/server/config'
import { runningConsole } from '../launch-lock.ts'

/** Where the console of this data is reached: as configured, as the running one says, or where it usually is. */
export function consoleAddress(config: Config): string {
  const dataDir = path.resolve(import.meta.dirname, '../../..', config.dataDir)
  return config.consoleUrl ?? runningConsole(dataDir) ?? `http://localhost:${config.port ?? 3000}`
}
