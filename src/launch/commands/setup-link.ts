import path from 'node:path'
import { z } from 'zod'
import type { Config } from '~/server/platform/config'
import { runningConsole } from '../machine/launch-lock.ts'
import { loopbackAddress } from '../printed-link.ts'
import { serverCommand } from './server-command.ts'

export const setupLink = serverCommand({
  name: 'setup-link',
  summary:
    'prints a new one-time link that creates the first admin, or signs in to the sandbox. Earlier links stop working',
  input: z.object({}),
  run: async ({ config, deps, print }) => {
    const { isSandboxDatabase } = await import('~/server/members/manage/claim-database')
    const { makeSetupLink } = await import('~/server/members/manage/links')
    const sandbox = await isSandboxDatabase(deps)
    const link = await makeSetupLink(deps, { sandbox })
    await print(`${consoleAddress(config, { sandbox })}${link.path}`)
    await print(
      `It works once and within ${link.minutes} minutes, and ${sandbox ? 'signs in to the sandbox' : 'makes the first admin'}.`,
    )
    return 'done'
  },
})

/** The console's address: CONSOLE_URL, that of the running console, or the default. The sandbox's link works on loopback names alone. */
function consoleAddress(config: Config, { sandbox }: { readonly sandbox: boolean }): string {
  const dataDir = path.resolve(import.meta.dirname, '../../..', config.dataDir)
  const running = runningConsole(dataDir)
  const port = config.port ?? 3000
  if (!sandbox) return config.consoleUrl ?? running ?? `http://localhost:${port}`
  return running ?? loopbackAddress(config.consoleUrl ?? `http://localhost:${port}`, port)
}
