import 'server-only'
import { CHANNELS, type ChannelKind, CONFIGURED_CHANNEL, isChannelKind, nextTry } from '~/domain/delivery'
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
import {
  type EndedDeploy,
  outcomeMessage,
  outcomePayload,
  unhealthyMessage,
} from '~/server/deliveries/send/outcome-texts'
import { sendToSlack, sendWebhook } from '~/server/deliveries/send/post-outcome'
import { describeDeployRow } from '~/server/deploys/deploy-report'
import { viewWatch, watchSelect } from '~/server/deploys/deploy-watch'
import { findDeploy } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import type { AddressRule, SendOutcome } from '~/server/platform/guarded-post'

const INTERRUPTED = 'The process stopped while it was sending'

/**
 * Makes one attempt of a delivery. A delivery that was certainly not accepted is retried for a day with growing pauses. If the
 * outcome is unknown (no answer, or the process stopped), only a receiver that recognises duplicates is sent it again.
 */
export async function deliver(deps: Deps, deliveryId: string): Promise<void> {
  const delivery = await findDelivery(deps.db, deliveryId)
  if (delivery === null || !['waiting', 'sending'].includes(delivery.state)) return
  const { kind } = delivery.channel
  const drop = (reason: string) => dropDelivery(deps.db, deliveryId, deps.now(), reason)
  if (!isChannelKind(kind)) return drop(`This version does not know channels of the kind ${kind}.`)
  const send = await findSender(deps, kind, delivery)
  if (typeof send === 'string') return drop(send)
  const interrupted = delivery.state === 'sending'
  if (!(await claimDelivery(deps.db, delivery, deps.now()))) return
  const ended = await readEnded(deps, delivery)
  const sent: SendOutcome =
    interrupted && !CHANNELS[kind].knowsDuplicates ? { kind: 'unknown', reason: INTERRUPTED } : await send(ended)
  await recordAttempt(deps, delivery, kind, ended, sent)
}

type Send = (ended: EndedDeploy | null) => Promise<SendOutcome>

interface Target {
  readonly url: string
  /** The key that signs deliveries; null for kinds that are not signed. */
  readonly secret: string | null
  readonly delivery: Pick<DeliveryRow, 'id' | 'createdAt'>
  readonly rule: AddressRule
}

/** How each kind is sent to. */
const SENDERS: Readonly<Record<ChannelKind, (deps: Deps, target: Target) => Send | string>> = {
  slack:
    ({ config }, { url, rule }) =>
    (ended) =>
      sendToSlack(url, { text: messageOf(config, ended) }, rule),
  webhook: (deps, { url, secret, delivery, rule }) => {
    if (secret === null) return 'The channel has no signing secret. Remove the channel and add it again.'
    return (ended) => {
      const body = JSON.stringify(outcomePayload(ended, deps.config.consoleUrl, delivery.createdAt))
      return sendWebhook({ url, secret, id: delivery.id, body, at: deps.now() }, rule)
    }
  },
}

/** The function that sends to this channel, or a sentence that says why the channel cannot be used. */
async function findSender(deps: Deps, kind: ChannelKind, delivery: DeliveryRow): Promise<Send | string> {
  const { channel } = delivery
  const { config } = deps
  if (channel.removedAt !== null) return 'The channel was removed.'
  if (channel.disabledAt !== null) return 'The channel is disabled.'
  if (channel.id === CONFIGURED_CHANNEL) {
    const url = config.slackWebhookUrl
    if (url === undefined) return 'SLACK_WEBHOOK_URL is not set.'
    // An address from the console's own settings may be private.
    return SENDERS[kind](deps, { url, secret: null, delivery, rule: { allowPrivate: true, proxies: config.proxies } })
  }
  const opened = await openChannel(config.authSecrets, channel.sealed ?? '')
  if (opened === null) {
    deps.logger.error({ channelId: channel.id }, UNREADABLE)
    return 'The channel is encrypted under a secret that is no longer in AUTH_SECRET. Remove the channel and add it again.'
  }
  return SENDERS[kind](deps, {
    ...opened,
    delivery,
    rule: { allowPrivate: config.privateDeliveries, proxies: config.proxies },
  })
}

const UNREADABLE = 'a channel cannot be used: the secret that encrypts it is no longer in AUTH_SECRET'

function messageOf({ consoleUrl }: Deps['config'], ended: EndedDeploy | null): string {
  if (ended === null) return TEST_MESSAGE
  const { row, report, watch } = ended
  return watch === null ? outcomeMessage(row, report, consoleUrl) : unhealthyMessage(row, watch, consoleUrl)
}

const TEST_MESSAGE = 'This is a test of Deploy Console. The outcomes of deploys will be posted here.'

async function readEnded(
  { db, now }: Deps,
  { deployId, event }: Pick<DeliveryRow, 'deployId' | 'event'>,
): Promise<EndedDeploy | null> {
  const row = deployId === null ? null : await findDeploy(db, deployId)
  if (row === null) return null
  const transitions = (await readTransitions(db, [row.id])).get(row.id) ?? []
  const watch =
    event === 'unhealthy' ? await db.deployWatch.findUnique({ where: { deployId: row.id }, select: watchSelect }) : null
  return { row, report: describeDeployRow(row, transitions), watch: viewWatch({ ...row, watch }, now()) }
}

/** Records the attempt, and either settles the delivery or queues the next attempt. */
async function recordAttempt(
  deps: Deps,
  delivery: DeliveryRow,
  kind: ChannelKind,
  ended: EndedDeploy | null,
  sent: SendOutcome,
): Promise<void> {
  const { id, channel } = delivery
  const now = deps.now()
  const settled = { id, deploy: ended?.row ?? null }
  const channelFacts = {
    channel: kind,
    ...(channel.id === CONFIGURED_CHANNEL ? {} : { name: channel.name }),
    ...(delivery.event === 'unhealthy' ? { about: 'unhealthy' as const } : {}),
  }
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
  const mayRepeat = sent.kind === 'not_sent' ? !sent.lasting : CHANNELS[kind].knowsDuplicates
  const waitMs = sent.kind === 'not_sent' ? sent.waitMs : undefined
  const again = mayRepeat ? nextTry(delivery.attempts + 1, now, waitMs) : null
  const log = { deliveryId: id, channelId: channel.id, deployId: delivery.deployId, reason: sent.reason }
  if (again !== null) {
    deps.logger.info({ ...log, again }, 'a delivery failed and will be retried')
    return postponeDelivery(deps.db, delivery, now, again, attempt)
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
