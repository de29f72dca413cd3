import 'server-only'
import { randomBytes } from 'node:crypto'
import type { Actor } from '~/domain/actor'
import {
  type AddChannelInput,
  CHANNELS_AT_MOST,
  type ChannelView,
  CONFIGURED_CHANNEL,
  type DeliveryView,
} from '~/domain/delivery'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { requireFreshProof } from '~/server/auth/rights/authorize'
import { queueTest, resendSettled } from '~/server/deliveries/deliveries'
import {
  type ChannelRow,
  findChannel,
  insertChannel,
  type ListedDelivery,
  listLastDeliveries,
  markRemoved,
  readChannels,
  switchChannel,
} from '~/server/deliveries/delivery-channels'
import { sealChannel } from '~/server/deliveries/sealed-channel'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'
import { AddressRefused, type AddressRule, checkAddress } from '~/server/platform/guarded-post'

/** How many of its deliveries a channel shows. */
const SHOWN = 10

/** Every channel that may be told, the one of the configuration first, each with its last deliveries. */
export async function listChannels({ db, config }: Pick<Deps, 'db' | 'config'>): Promise<ChannelView[]> {
  const { slackWebhookUrl } = config
  const rows = (await readChannels(db)).filter(({ id }) => id !== CONFIGURED_CHANNEL || slackWebhookUrl !== undefined)
  return Promise.all(
    rows.map(async (row) => ({
      id: row.id,
      kind: row.kind,
      name: row.name,
      host: row.host ?? (slackWebhookUrl === undefined ? '' : new URL(slackWebhookUrl).origin),
      enabled: row.disabledAt === null,
      configured: row.id === CONFIGURED_CHANNEL,
      createdBy: row.createdBy,
      createdAt: row.createdAt.toISOString(),
      deliveries: (await listLastDeliveries(db, row.id, SHOWN)).map(deliveryView),
    })),
  )
}

const deliveryView = ({ deploy, nextTryAt, updatedAt, ...row }: ListedDelivery): DeliveryView => ({
  ...row,
  nextTryAt: nextTryAt?.toISOString() ?? null,
  updatedAt: updatedAt.toISOString(),
  deploy: deploy === null ? null : { id: deploy.id, surface: deploy.surface.name, status: deploy.status },
})

export interface AddedChannel {
  readonly id: string
  readonly name: string
  /** What deliveries are signed with: the only time it is ever seen. Null for Slack. */
  readonly secret: string | null
}

/**
 * Adds a channel, which is told from the next outcome on.
 *
 * @throws AppError `proof_stale`, `destination_refused`, `channels_full`
 */
export async function addChannel(
  deps: Pick<Deps, 'db' | 'config' | 'now' | 'newId'>,
  actor: Actor,
  { kind, name, url }: AddChannelInput,
  resolve?: AddressRule['resolve'],
): Promise<AddedChannel> {
  requireFreshProof(deps, actor, 'adding a channel')
  await requireDestination(url, { allowPrivate: deps.config.privateDeliveries, ...(resolve && { resolve }) })
  const secret = kind === 'webhook' ? `whsec_${randomBytes(32).toString('base64')}` : null
  const sealed = await sealChannel(deps.config.authSecrets, { url, secret })
  const [id, at] = [deps.newId(), deps.now()]
  await deps.db.$transaction(async (tx) => {
    if ((await readChannels(tx)).length > CHANNELS_AT_MOST) {
      throw new AppError(
        'channels_full',
        `There are ${CHANNELS_AT_MOST} channels already. Nothing was added; remove one first.`,
      )
    }
    const host = new URL(url).origin
    const row = await insertChannel(tx, { id, kind, name, host, sealed, createdBy: actor.name, createdAt: at })
    const payload = channelPayload(row)
    await appendAuditEvent(tx, { actor: actor.name, at }, { action: 'console.channel.added', status: null, payload })
  })
  return { id, name, secret }
}

async function requireDestination(url: string, rule: AddressRule): Promise<void> {
  const refuse = (why: string) => new AppError('destination_refused', `${why} Nothing was added.`)
  if (!rule.allowPrivate && new URL(url).protocol !== 'https:') {
    throw refuse('Deliveries go to https addresses only, unless DELIVERY_PRIVATE_ADDRESSES is "allow".')
  }
  try {
    await checkAddress(url, rule)
  } catch (error) {
    if (error instanceof AddressRefused) {
      throw refuse(`${error.message}. Choose another, or set DELIVERY_PRIVATE_ADDRESSES to "allow".`)
    }
    throw refuse('The host of this address cannot be resolved. Check its spelling.')
  }
}

/** Enables or disables a channel; again, it changes nothing. What waits for a disabled one is dropped at its next attempt. */
export async function setChannelEnabled(
  deps: Pick<Deps, 'db' | 'now'>,
  actor: Actor,
  { id, enabled }: { readonly id: string; readonly enabled: boolean },
): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const channel = await requireOwnChannel(tx, id)
    if (!(await switchChannel(tx, id, enabled, at))) return
    const payload = { ...channelPayload(channel), change: enabled ? 'enabled' : 'disabled' } as const
    await appendAuditEvent(tx, { actor: actor.name, at }, { action: 'console.channel.changed', status: null, payload })
  })
}

/** Removes a channel for good: its address and its secret are forgotten. */
export async function removeChannel(deps: Pick<Deps, 'db' | 'now'>, actor: Actor, id: string): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const channel = await requireOwnChannel(tx, id)
    if (!(await markRemoved(tx, id, at))) return
    const payload = channelPayload(channel)
    await appendAuditEvent(tx, { actor: actor.name, at }, { action: 'console.channel.removed', status: null, payload })
  })
}

/** Sends a channel a test, which is a delivery like any other. */
export async function testChannel(deps: Pick<Deps, 'db' | 'now'>, actor: Actor, id: string): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const channel = await requireChannel(tx, id)
    if (channel.disabledAt !== null) throw disabled(channel)
    await queueTest(tx, id, at)
    const payload = channelPayload(channel)
    await appendAuditEvent(tx, { actor: actor.name, at }, { action: 'console.channel.tested', status: null, payload })
  })
}

/** Sends a delivery once more, with its own id, and from the first attempt on. Throws `delivery_unknown` and `delivery_refused`. */
export async function resendDelivery(deps: Pick<Deps, 'db' | 'now'>, actor: Actor, id: string): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const found = await tx.delivery.findUnique({
      where: { id },
      select: { channelId: true, state: true, deploy: true },
    })
    if (found === null) throw new AppError('delivery_unknown', `There is no delivery ${id}. Nothing was sent.`)
    const channel = await requireChannel(tx, found.channelId)
    if (channel.disabledAt !== null) throw disabled(channel)
    if (!(await resendSettled(tx, id, at))) {
      throw new AppError(
        'delivery_refused',
        'The delivery is under way already. Nothing was changed; wait for its end.',
      )
    }
    const { deploy, state } = found
    const about = deploy === null ? {} : { deployId: deploy.id, surfaceId: deploy.surfaceId }
    const payload = { ...channelPayload(channel), delivery_id: id, stood_at: state }
    const event = { action: 'console.delivery.resent', status: null, payload } as const
    await appendAuditEvent(tx, { actor: actor.name, at, ...about }, event)
  })
}

const disabled = ({ name }: ChannelRow) =>
  new AppError('delivery_refused', `${inSentence(name)} is disabled. Nothing was sent; enable it first.`)

async function requireChannel(tx: DatabaseHandle, id: string): Promise<ChannelRow> {
  const channel = await findChannel(tx, id)
  if (channel === null) throw new AppError('channel_unknown', `There is no channel ${id}. Nothing was done.`)
  return channel
}

/** One that can be changed here. */
function requireOwnChannel(tx: DatabaseHandle, id: string): Promise<ChannelRow> {
  if (id !== CONFIGURED_CHANNEL) return requireChannel(tx, id)
  throw new AppError(
    'channel_configured',
    'This channel is the one of SLACK_WEBHOOK_URL. Nothing was changed; change the setting and restart.',
  )
}

const channelPayload = ({ id, kind, name, host }: ChannelRow) => ({ channel_id: id, kind, name, host })
