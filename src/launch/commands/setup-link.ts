import { z } from 'zod'
import { command } from './command.ts'
import { consoleAddress } from './console-address.ts'

export const setupLink = command({
  name: 'setup-link',
  summary:
    'prints a new one-time link that makes the first admin, or signs the sandbox’s in; links from before stop working',
  input: z.object({}),
  run: async ({ config, deps, print }) => {
    const { makeSetupLink } = await import('~/server/people/make-setup-link')
    const sandbox = config.githubCredentials === undefined
    const link = await makeSetupLink(deps, { sandbox })
    await print(`${consoleAddress(config, { sandbox })}${link.path}`)
    await print(
      `It works once and within ${link.minutes} minutes, and ${sandbox ? 'signs in to the sandbox' : 'makes the first admin'}.`,
    )
    return 'done'
  },
})
