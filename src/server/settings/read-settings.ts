import 'server-only'
import { withoutCredentials } from '~/domain/foreign-text'
import type { SettingsView } from '~/domain/settings'
import { listProviders } from '~/server/account/read-account'
import { listChannels } from '~/server/deliveries/channels'
import type { Deps } from '~/server/deps'
import { readWorkerState } from '~/server/health/heartbeats.sql'
import { type Environment, listSettings, processEnvironment } from '~/server/platform/config'
import { versionIn } from '~/server/platform/version'

/** How this console is set up. Values are named one by one, so that no new setting is shown by itself. */
export async function readSettings(
  deps: Pick<Deps, 'db' | 'config'>,
  env: Environment = processEnvironment(),
): Promise<SettingsView> {
  const { config, db } = deps
  const [worker, channels] = await Promise.all([readWorkerState(db), listChannels(deps)])
  return {
    version: versionIn(),
    commit: config.commit ?? null,
    isSandbox: config.sandboxUrl !== undefined,
    consoleUrl: config.consoleUrl,
    github: {
      apiUrl: withoutCredentials(config.githubApiUrl),
      credentials: config.githubCredentials.kind,
      webhooks: config.githubWebhookSecrets.length > 0,
    },
    worker,
    inProcessWorker: config.inProcessWorker,
    logRetentionDays: config.logRetentionDays ?? null,
    providers: listProviders(deps).map(({ name }) => name),
    channels: channels.map(({ id, kind, name, enabled }) => ({ id, kind, name, enabled })),
    variables: listSettings(env),
  }
}
