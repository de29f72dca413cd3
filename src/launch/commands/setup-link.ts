import path from 'node:path'
import { z } from 'zod'
import { runningConsole } from '../launch-lock.ts'
import { command } from './command.ts'

export const setupLink = command({
  name: 'setup-link',
  summary:
    'prints a new one-time link that makes the first admin, or signs the sandbox’s in; links from before stop working',
  input: z.object({}),
  run: async ({ config, deps, print }) => {
    const { makeSetupLink } = await import('~/server/members/make-setup-link')
    const sandbox = config.githubCredentials === undefined
    const link = await makeSetupLink(deps, { sandbox })
    const running = runningConsole(path.resolve(import.meta.dirname, '../../..', config.dataDir))
    const url = config.consoleUrl ?? running ?? `http://localhost:${config.port ?? 3000}`
    await print(`${url}${link.path}`)
    await print(
      `It works once and within ${link.minutes} minutes, and ${sandbox ? 'signs in to the sandbox' : 'makes the first admin'}.`,
    )
    return 'done'
  },
})
