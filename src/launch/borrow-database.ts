import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { z } from 'zod'
import { programArgs } from './programs.ts'

const lent = z.object({ url: z.string() })

/**
 * Starts the embedded database for as long as this process lives: the lender ends by itself when the channel between them
 * is gone.
 */
export async function borrowDatabase(projectDirectory: string): Promise<string> {
  process.stderr.write('The embedded database is not running; it is started for this command.\n')
  const child = spawn(process.execPath, programArgs(projectDirectory, 'src/launch/lend-database.ts'), {
    cwd: projectDirectory,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const { url } = lent.parse(await firstMessage(child))
  child.unref()
  child.channel?.unref()
  return url
}

async function firstMessage(child: ChildProcess): Promise<unknown> {
  const answered = once(child, 'message').then(([message]: unknown[]) => message)
  const ended = once(child, 'exit').then(() => {
    throw new Error(
      'The embedded database could not be started (see above). Start it with "npm start", or set DATABASE_URL.',
    )
  })
  ended.catch(() => undefined)
  return await Promise.race([answered, ended])
}
