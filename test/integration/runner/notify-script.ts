import { runScript, type ScriptOptions } from './action-script'

/** Runs notify.sh to report `building`, unless told otherwise. */
export async function notify(variables: Readonly<Record<string, string>>, options?: ScriptOptions) {
  const { outputs: _, ...result } = await runScript(
    'notify-deploy-status/notify.sh',
    { DEPLOY_STATUS: 'building', ...variables },
    options,
  )
  return result
}
