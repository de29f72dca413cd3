import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { readConfig } from '../../server/platform/config.ts'
import { acquireLock } from '../machine/launch-lock.ts'
import { ensurePrivateDirectory } from '../machine/private-files.ts'
import { databaseName, startEmbeddedPostgres } from './embedded-postgres.ts'

// Runs the embedded database for one command, until the channel to the parent closes.
const dataDir = ensurePrivateDirectory(path.resolve(process.env['DATA_DIR'] || '.data'))
const logs = path.join(dataDir, 'logs')
mkdirSync(logs, { recursive: true, mode: 0o700 })

const asked = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve())
  process.on('disconnect', () => resolve())
})
try {
  const lock = acquireLock(dataDir, 'a command')
  const database = await startEmbeddedPostgres(path.join(dataDir, 'postgres'), databaseName(readConfig(process.env)), {
    logFile: path.join(logs, 'postgres.log'),
  })
  if (process.connected) process.send?.({ url: database.url, ownerUrl: database.ownerUrl })
  await asked
  await database.stop()
  lock.release()
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
}
