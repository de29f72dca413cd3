import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { readConfig } from '~/server/platform/config'
import { withValues } from '~/server/platform/secret-files'
import { databaseName, runningDatabase } from './database/embedded-postgres.ts'
import { agreeOnSecrets, generatedSecrets } from './secrets.ts'

const sandbox = z.object({ url: z.string(), token: z.string() })

/**
 * The environment of a program beside `npm start` on the same machine. Values that are not configured come from that start:
 * the embedded database, the generated secrets and the sandbox.
 */
export async function localEnvironment(env: NodeJS.ProcessEnv, projectDirectory: string): Promise<NodeJS.ProcessEnv> {
  const config = readConfig(env)
  const dataDir = path.resolve(projectDirectory, config.dataDir)
  const found: Record<string, string> = { DATA_DIR: dataDir }
  const databaseUrl =
    config.databaseUrl ?? (await runningDatabase(path.join(dataDir, 'postgres'), databaseName(config)))?.url
  if (databaseUrl !== undefined) {
    const { auth, callback } = await agreeOnSecrets({ config, dataDir, databaseUrl })
    Object.assign(found, {
      DATABASE_URL: databaseUrl,
      AUTH_SECRET: auth.join(','),
      DEPLOY_CALLBACK_HMAC_SECRET: callback.join(','),
    })
  }
  const listening = path.join(dataDir, 'sandbox/sandbox.json')
  if (config.githubCredentials === undefined && existsSync(listening)) {
    const { url, token } = sandbox.parse(JSON.parse(readFileSync(listening, 'utf8')))
    Object.assign(found, { GITHUB_API_URL: `${url}/api/v3`, GITHUB_DISPATCH_TOKEN: token, SANDBOX_URL: url })
    if (config.githubWebhookSecrets.length === 0) {
      found['GITHUB_WEBHOOK_SECRET'] = generatedSecrets(dataDir).sandboxWebhook
    }
  }
  return withValues(env, found)
}
