import path from 'node:path'
import { z } from 'zod'
import { currentCallbackSecret } from '../secrets.ts'
import { serverCommand } from './server-command.ts'

export const callbackSecret = serverCommand({
  name: 'callback-secret',
  summary:
    'prints the callback secret of one repository, derived from DEPLOY_CALLBACK_HMAC_SECRET. It signs callbacks of that repository’s deploys alone',
  operand: { name: 'repository', value: '<owner/name>' },
  input: z.object({
    repository: z.string('say which, as owner/name').regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/, 'is not owner/name'),
  }),
  run: async ({ config, databaseUrl, print }, { repository }) => {
    const { repositorySecret } = await import('~/server/platform/verify-signature')
    const dataDir = path.resolve(import.meta.dirname, '../../..', config.dataDir)
    const secret = await currentCallbackSecret({ config, dataDir, databaseUrl })
    await print(repositorySecret(secret, repository))
    return 'done'
  },
})
