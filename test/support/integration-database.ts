import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { z } from 'zod'
import { migratedTemplate } from '~test/support/migrated-template'

const ready = z.object({ url: z.string() })

/**
 * Once per run of the integration tests: a throw-away PostgreSQL, unless TEST_DATABASE_URL names one. It is a separate process
 * that ends with this one, so that a killed run leaves nothing running.
 */
export default async function setUpDatabase(): Promise<() => Promise<void>> {
  const given = process.env['TEST_DATABASE_URL']
  const server = given === undefined || given === '' ? await startServer() : undefined
  if (server !== undefined) process.env['TEST_DATABASE_URL'] = server.url
  await migratedTemplate(process.env['TEST_DATABASE_URL'] ?? '')
  return async () => {
    await server?.stop()
  }
}

async function startServer() {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/support/throw-away-postgres.ts'], {
    cwd: path.resolve(import.meta.dirname, '../..'),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const { url } = ready.parse(await firstMessage(child))
  const stop = async (): Promise<void> => {
    const ended = once(child, 'exit')
    child.disconnect()
    await ended
  }
  return { url, stop }
}

async function firstMessage(child: ChildProcess): Promise<unknown> {
  const stop = new AbortController()
  const ended = once(child, 'exit', { signal: stop.signal }).then(() => {
    throw new Error('The PostgreSQL for the tests did not start (see above).')
  })
  ended.catch(() => undefined)
  const message = once(child, 'message').then(([first]: unknown[]) => first)
  try {
    return await Promise.race([message, ended])
  } finally {
    stop.abort()
  }
}
