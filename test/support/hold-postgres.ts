import { startEmbeddedPostgres } from '../../src/launch/database/embedded-postgres.ts'

// Starts the embedded PostgreSQL below argv[2] and keeps running, so that a test can kill the process that started it.
const [, , directory = '', logFile = ''] = process.argv
const { pid, port } = await startEmbeddedPostgres(directory, 'console', { logFile })
process.send?.({ pid, port })
setInterval(() => undefined, 60_000)
