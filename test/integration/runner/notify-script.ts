import { runScript, type ScriptOptions } from './action-script'

/** Runs notify.sh, which reports `building` by default. */
export async function notify(variables: Readonly<Record<string, string>>, options?: ScriptOptions) {
  const { outputs: _, ...result } = await runScript(
    'notify-deploy-status/notify.sh',
    { DEPLOY_STATUS: 'building', ...variables },
    options,
  )
  return result
}
