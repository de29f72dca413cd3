import 'server-only'
import { CONFIGURED_CHANNEL, nextTry } from '~/domain/delivery'
import { readTransitions } from '~/server/audit/append-audit'
import {
  type Attempt,
  claimDelivery,
  type DeliveryRow,
  dropDelivery,
  findDelivery,
  postponeDelivery,
  settleDelivery,
} from '~/server/deliveries/deliveries'
import { openChannel } from '~/server/deliveries/delivery-channels'
import { type EndedDeploy, outcomeMessage, outcomePayload } from '~/server/deliveries/send/outcome-texts'
import { sendToSlack, sendWebhook } from '~/server/deliveries/send/post-outcome'
import { accountOfRow } from '~/server/deploys/deploy-account'
import { findDeploy } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import type { SendOutcome } from '~/server/platform/guarded-post'

const INTERRUPTED = 'The process stopped while it was sending'

/**
 * Makes one attempt of a delivery. A delivery that was certainly not accepted is retried for a day with growing pauses. If the
 * outcome is unknown (no answer, or the process stopped), Slack is not sent a possible duplicate: its messages carry no id.
 */
export async function deliver(deps: Deps, deliveryId: string): Promise<void> {
  const delivery = await findDelivery(deps.db, deliveryId)
  if (delivery === null || !['waiting', 'sending'].includes(delivery.state)) return
  const send = await findSender(deps, delivery)
  if (typeof send === 'string') return dropDelivery(deps.db, deliveryId, deps.now(), send)
  const interrupted = delivery.state === 'sending'
  if (!(await claimDelivery(deps.db, delivery, deps.now()))) return
  const ended = await readEnded(deps, delivery.deployId)
  const sent: SendOutcome =
    interrupted && delivery.channel.kind === 'slack' ? { kind: 'unknown', reason: INTERRUPTED } : await send(ended)
  await recordAttempt(deps, delivery, ended, sent)
}

type Send = (ended: EndedDeploy | null) => Promise<SendOutcome>

/** The function that sends to this channel, or a sentence that says why the channel cannot be used. */
async function findSender(deps: Deps, { id, channel, createdAt }: DeliveryRow): Promise<Send | string> {
  const { config } = deps
  if (channel.removedAt !== null) return 'The channel was removed.'
  if (channel.disabledAt !== null) return 'The channel is disabled.'
  if (channel.id === CONFIGURED_CHANNEL) {
    const url = config.slackWebhookUrl
    if (url === undefined) return 'SLACK_WEBHOOK_URL is not set.'
    // An address from the console's own settings may be private.
    return (ended) => sendToSlack(url, { text: messageOf(config, ended) }, { allowPrivate: true })
  }
  const opened = await openChannel(config.authSecrets, channel.sealed ?? '')
  if (opened === null) {
    deps.logger.error({ channelId: channel.id }, UNREADABLE)
    return 'The channel is encrypted under a secret that is no longer in AUTH_SECRET. Remove the channel and add it again.'
  }
  const { url, secret } = opened
  const rule = { allowPrivate: config.privateDeliveries }
  if (secret === null) return (ended) => sendToSlack(url, { text: messageOf(config, ended) }, rule)
  return (ended) => {
    const body = JSON.stringify(outcomePayload(ended, config.consoleUrl, createdAt))
    return sendWebhook({ url, secret, id, body, at: deps.now() }, rule)
  }
}

const UNREADABLE = 'a channel cannot be used: the secret that encrypts it is no longer in AUTH_SECRET'

const messageOf = ({ consoleUrl }: Deps['config'], ended: EndedDeploy | null) =>
  ended === null ? TEST_MESSAGE : outcomeMessage(ended.row, ended.account, consoleUrl)

const TEST_MESSAGE = 'This is a test of Deploy Console. The outcomes of deploys will be posted here.'

async function readEnded({ db }: Deps, deployId: string | null): Promise<EndedDeploy | null> {
  const row = deployId === null ? null : await findDeploy(db, deployId)
  if (row === null) return null
  const transitions = (await readTransitions(db, [row.id])).get(row.id) ?? []
  return { row, account: accountOfRow(row, transitions) }
}

/** Records the attempt, and either settles the delivery or queues the next attempt. */
async function recordAttempt(
  deps: Deps,
  delivery: DeliveryRow,
  ended: EndedDeploy | null,
  sent: SendOutcome,
): Promise<void> {
  const { id, channel } = delivery
  const now = deps.now()
  const settled = { id, deploy: ended?.row ?? null }
  const channelFacts = auditedChannel(delivery)
  if (sent.kind === 'sent') {
    const payload = { ...channelFacts, outcome: 'sent' } as const
    const attempt = { status: sent.status, error: null }
    return settleDelivery(deps.db, settled, now, attempt, {
      action: 'console.notification.sent',
      status: null,
      payload,
    })
  }
  const attempt: Attempt = { status: sent.kind === 'unknown' ? null : sent.status, error: sent.reason }
  const mayRepeat = sent.kind === 'not_sent' ? !sent.lasting : channel.kind === 'webhook'
  const waitMs = sent.kind === 'not_sent' ? sent.waitMs : undefined
  const again = mayRepeat ? nextTry(delivery.attempts + 1, now, waitMs) : null
  const log = { deliveryId: id, channelId: channel.id, deployId: delivery.deployId, reason: sent.reason }
  if (again !== null) {
    deps.logger.info({ ...log, again }, 'a delivery failed and will be retried')
    return postponeDelivery(deps.db, id, now, again, attempt)
  }
  const outcome = sent.kind === 'unknown' ? 'unknown' : 'failed'
  deps.logger.warn({ ...log, outcome }, 'a delivery failed and will not be retried')
  const payload = { ...channelFacts, outcome, reason: sent.reason } as const
  await settleDelivery(deps.db, settled, now, attempt, {
    action: 'console.notification.not_sent',
    status: null,
    payload,
  })
}

/** The channel as audit rows name it. */
const auditedChannel = ({ channel }: DeliveryRow) =>
  ({
    channel: channel.kind === 'webhook' ? 'webhook' : 'slack',
    ...(channel.id === CONFIGURED_CHANNEL ? {} : { name: channel.name }),
  }) as const
