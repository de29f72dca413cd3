import 'server-only'
import { readTransitions } from '~/server/db/audit'
import { accountOfRow } from '~/server/db/deploy-account'
import { findDeploy } from '~/server/db/deploys'
import { claimOutcome, returnOutcome, settleOutcome, settleWithNobody } from '~/server/db/notifications'
import type { Deps } from '~/server/deps'
import { outcomeMessage } from '~/server/notifications/outcome-message'
import { sendToSlack } from '~/server/notifications/send-to-slack'

/**
 * Tells people how a deploy ended: once. What Slack certainly did not take is tried again, by throwing, which the queue
 * answers with a growing pause. Where nobody can know whether it was posted (no answer, or this process died while it
 * waited for one) it is not posted again; the deploy's timeline says so.
 */
export async function notifyOutcome(deps: Deps, deployId: string, lastAttempt: boolean): Promise<void> {
  const url = deps.config.slackWebhookUrl
  if (url === undefined) return settleWithNobody(deps.sql, deployId, deps.now())
  const deploy = await findDeploy(deps.db, deployId)
  if (deploy === null) return
  const claim = await claimOutcome(deps.db, deployId, deps.now())
  if (claim === 'settled') return
  const notSent = (outcome: 'failed' | 'unknown', reason: string) => {
    deps.logger.warn({ deployId, outcome, reason }, 'Slack was not told for certain')
    const payload = { channel: 'slack', outcome, reason } as const
    return settleOutcome(deps.db, deploy, deps.now(), {
      action: 'console.notification.not_sent',
      status: null,
      payload,
    })
  }
  if (claim === 'interrupted') return notSent('unknown', 'The process that was sending it died before Slack answered')

  const transitions = (await readTransitions(deps.db, [deployId])).get(deployId) ?? []
  const text = outcomeMessage(deploy, accountOfRow(deploy, transitions), deps.config.consoleUrl)
  const sent = await sendToSlack(url, { text })
  if (sent.kind === 'sent') {
    const payload = { channel: 'slack', outcome: 'sent' } as const
    return settleOutcome(deps.db, deploy, deps.now(), { action: 'console.notification.sent', status: null, payload })
  }
  if (sent.kind === 'unknown') return notSent('unknown', sent.reason)
  if (sent.lasting || lastAttempt) return notSent('failed', sent.reason)
  await returnOutcome(deps.db, deployId, deps.now())
  throw new Error(`${sent.reason}; it is tried again`)
}
