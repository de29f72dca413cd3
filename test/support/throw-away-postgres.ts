import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startEmbeddedPostgres } from '../../src/launch/database/embedded-postgres.ts'

// A PostgreSQL that lives as long as the channel to its parent. Its data need not survive a crash, so fsync is off.
const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-test-postgres-'))
const gone = new Promise<void>((resolve) => {
  process.once('disconnect', resolve)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined) // the parent decides
})
const database = await startEmbeddedPostgres(directory, 'console', {
  logFile: path.join(directory, 'log'),
  settings: ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=300'],
})
process.send?.({ url: database.ownerUrl })
await gone
await database.stop()
rmSync(directory, { recursive: true, force: true })
