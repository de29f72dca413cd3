import path from 'node:path'
import type { Config } from '~/server/platform/config'
import { runningConsole } from '../launch-lock.ts'
import { loopbackAddress } from '../printed-link.ts'

/**
 * Where the console of this data is reached: as configured, as the running one says, or where it usually is. The sandbox's own
 * admin gets in by a loopback name alone.
 */
export function consoleAddress(config: Config, { sandbox }: { readonly sandbox: boolean }): string {
  const dataDir = path.resolve(import.meta.dirname, '../../..', config.dataDir)
  const running = runningConsole(dataDir)
  const port = config.port ?? 3000
  if (!sandbox) return config.consoleUrl ?? running ?? `http://localhost:${port}`
  return running ?? loopbackAddress(config.consoleUrl ?? `http://localhost:${port}`, port)
}
