import 'server-only'
import { nextTry } from '~/domain/delivery'
import type { DeployAccount } from '~/domain/deploy-account'
import { readTransitions } from '~/server/db/audit'
import {
  type Attempt,
  claimDelivery,
  type DeliveryRow,
  dropDelivery,
  findDelivery,
  postponeDelivery,
  settleDelivery,
} from '~/server/db/deliveries'
import { accountOfRow } from '~/server/db/deploy-account'
import { type DeployRow, findDeploy } from '~/server/db/deploys'
import { outcomeMessage } from '~/server/deliveries/outcome-message'
import { sendToSlack } from '~/server/deliveries/send-to-slack'
import type { Deps } from '~/server/deps'

/** Three outcomes, as with every call that cannot be repeated harmlessly: after `unknown` the receiver may have taken it. */
export type SendOutcome =
  | { readonly kind: 'sent'; readonly status: number }
  /** Certainly not taken. `lasting`: trying again would not help. */
  | { readonly kind: 'not_sent'; readonly lasting: boolean; readonly status: number | null; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }

export interface EndedDeploy {
  readonly row: DeployRow
  readonly account: DeployAccount
}

const INTERRUPTED = 'The process that was sending it died before the answer'

/**
 * One attempt to tell one channel how a deploy ended. What was certainly not taken is tried again with growing pauses for a day.
 * Where nobody can know whether it was taken (no answer, or this process died while it waited for one), Slack is not told
 * again: a message has no id by which Slack could drop the second.
 */
export async function deliver(deps: Deps, deliveryId: string): Promise<void> {
  const delivery = await findDelivery(deps.db, deliveryId)
  if (delivery === null || !['waiting', 'sending'].includes(delivery.state)) return
  const send = senderOf(deps, delivery)
  if (typeof send === 'string') return dropDelivery(deps.sql, deliveryId, deps.now(), send)
  const interrupted = delivery.state === 'sending'
  if (!(await claimDelivery(deps.db, delivery, deps.now()))) return
  const ended = await readEnded(deps, delivery.deployId)
  const sent: SendOutcome =
    interrupted && delivery.channel.kind === 'slack' ? { kind: 'unknown', reason: INTERRUPTED } : await send(ended)
  await record(deps, delivery, ended, sent)
}

/** How this channel is told; a sentence when it is none any more. */
function senderOf(
  { config }: Deps,
  { channel }: DeliveryRow,
): ((ended: EndedDeploy | null) => Promise<SendOutcome>) | string {
  if (channel.removedAt !== null) return 'The channel was removed.'
  if (channel.disabledAt !== null) return 'The channel is disabled.'
  const url = config.slackWebhookUrl
  if (url === undefined) return 'SLACK_WEBHOOK_URL is not set.'
  return (ended) =>
    sendToSlack(url, {
      text: ended === null ? TEST_MESSAGE : outcomeMessage(ended.row, ended.account, config.consoleUrl),
    })
}

const TEST_MESSAGE = 'This is a test of Deploy Console. How deploys end is posted here.'

async function readEnded({ db }: Deps, deployId: string | null): Promise<EndedDeploy | null> {
  const row = deployId === null ? null : await findDeploy(db, deployId)
  if (row === null) return null
  const transitions = (await readTransitions(db, [row.id])).get(row.id) ?? []
  return { row, account: accountOfRow(row, transitions) }
}

/** The record of the attempt, and what follows from it. */
async function record(deps: Deps, delivery: DeliveryRow, ended: EndedDeploy | null, sent: SendOutcome): Promise<void> {
  const { id, channel } = delivery
  const now = deps.now()
  const settled = { id, deploy: ended?.row ?? null }
  const told = channelOf(delivery)
  if (sent.kind === 'sent') {
    const payload = { ...told, outcome: 'sent' } as const
    const attempt = { status: sent.status, error: null }
    return settleDelivery(deps.db, settled, now, attempt, {
      action: 'console.notification.sent',
      status: null,
      payload,
    })
  }
  const attempt: Attempt = { status: sent.kind === 'unknown' ? null : sent.status, error: sent.reason }
  const mayRepeat = sent.kind === 'not_sent' ? !sent.lasting : channel.kind === 'webhook'
  const again = mayRepeat ? nextTry(delivery.attempts + 1, now) : null
  const log = { deliveryId: id, channelId: channel.id, deployId: delivery.deployId, reason: sent.reason }
  if (again !== null) {
    deps.logger.info({ ...log, again }, 'a delivery was not taken; it is tried again')
    return postponeDelivery(deps.db, id, now, again, attempt)
  }
  const outcome = sent.kind === 'unknown' ? 'unknown' : 'failed'
  deps.logger.warn({ ...log, outcome }, 'a delivery was not taken for certain')
  const payload = { ...told, outcome, reason: sent.reason } as const
  await settleDelivery(deps.db, settled, now, attempt, {
    action: 'console.notification.not_sent',
    status: null,
    payload,
  })
}

/** How the trail names a channel. */
const channelOf = ({ channel }: DeliveryRow) => ({ channel: channel.kind === 'webhook' ? 'webhook' : 'slack' }) as const
