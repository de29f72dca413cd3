import 'server-only'
import { CONFIGURED_CHANNEL, nextTry } from '~/domain/delivery'
import type { DeployAccount } from '~/domain/deploy/account'
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
import { openChannel } from '~/server/deliveries/sealed-channel'
import { outcomeMessage } from '~/server/deliveries/send/outcome-message'
import { outcomePayload } from '~/server/deliveries/send/outcome-payload'
import { sendToSlack } from '~/server/deliveries/send/send-to-slack'
import { sendWebhook } from '~/server/deliveries/send/send-webhook'
import { accountOfRow } from '~/server/deploys/deploy-account'
import { type DeployRow, findDeploy } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import type { SendOutcome } from '~/server/platform/guarded-post'

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
  const send = await senderOf(deps, delivery)
  if (typeof send === 'string') return dropDelivery(deps.db, deliveryId, deps.now(), send)
  const interrupted = delivery.state === 'sending'
  if (!(await claimDelivery(deps.db, delivery, deps.now()))) return
  const ended = await readEnded(deps, delivery.deployId)
  const sent: SendOutcome =
    interrupted && delivery.channel.kind === 'slack' ? { kind: 'unknown', reason: INTERRUPTED } : await send(ended)
  await record(deps, delivery, ended, sent)
}

type Send = (ended: EndedDeploy | null) => Promise<SendOutcome>

/** How this channel is told; a sentence when it is none any more. */
async function senderOf(deps: Deps, { id, channel, createdAt }: DeliveryRow): Promise<Send | string> {
  const { config } = deps
  if (channel.removedAt !== null) return 'The channel was removed.'
  if (channel.disabledAt !== null) return 'The channel is disabled.'
  if (channel.id === CONFIGURED_CHANNEL) {
    const url = config.slackWebhookUrl
    if (url === undefined) return 'SLACK_WEBHOOK_URL is not set.'
    // Whoever configures the console may choose any address.
    return (ended) => sendToSlack(url, { text: messageOf(config, ended) }, { allowPrivate: true })
  }
  const opened = await openChannel(config.authSecrets, channel.sealed ?? '')
  if (opened === null) {
    deps.logger.error({ channelId: channel.id }, UNREADABLE)
    return 'The channel was kept under a secret that is no longer in AUTH_SECRET. Remove it and add it again.'
  }
  const { url, secret } = opened
  const rule = { allowPrivate: config.privateDeliveries }
  if (secret === null) return (ended) => sendToSlack(url, { text: messageOf(config, ended) }, rule)
  return (ended) => {
    const body = JSON.stringify(outcomePayload(ended, config.consoleUrl, createdAt))
    return sendWebhook({ url, secret, id, body, at: deps.now() }, rule)
  }
}

const UNREADABLE = 'a channel cannot be used: the secret it was kept under was taken out of AUTH_SECRET'

const messageOf = ({ consoleUrl }: Deps['config'], ended: EndedDeploy | null) =>
  ended === null ? TEST_MESSAGE : outcomeMessage(ended.row, ended.account, consoleUrl)

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
  const waitMs = sent.kind === 'not_sent' ? sent.waitMs : undefined
  const again = mayRepeat ? nextTry(delivery.attempts + 1, now, waitMs) : null
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
const channelOf = ({ channel }: DeliveryRow) =>
  ({
    channel: channel.kind === 'webhook' ? 'webhook' : 'slack',
    ...(channel.id === CONFIGURED_CHANNEL ? {} : { name: channel.name }),
  }) as const
