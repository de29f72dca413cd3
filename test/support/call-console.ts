import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { programArgs } from '~/launch/build/programs'
import { withoutConsoleSettings } from '~test/support/start-product'

const root = path.resolve(import.meta.dirname, '../..')

/** Runs `npm run console -- …` as its own process, on this database. */
export async function callConsole(databaseUrl: string, args: readonly string[], settings: Record<string, string> = {}) {
  const child = spawn(
    process.execPath,
    ['--conditions=react-server', ...programArgs(root, 'src/launch/commands/console.ts'), ...args],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...withoutConsoleSettings(process.env), DATABASE_URL: databaseUrl, ...settings },
    },
  )
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code, out, err }
}
