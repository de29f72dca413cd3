import 'server-only'
import { randomBytes } from 'node:crypto'
import type { Actor } from '~/domain/actor'
import { CHANNELS, CHANNELS_AT_MOST, type ChannelView, CONFIGURED_CHANNEL, type DeliveryView } from '~/domain/delivery'
import type { AddChannelInput } from '~/domain/delivery-input'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { requireFreshProof } from '~/server/auth/authorize'
import { queueTestDelivery, requeueDelivery } from '~/server/deliveries/deliveries'
import {
  type ChannelRow,
  eraseChannel,
  findChannel,
  insertChannel,
  type ListedDelivery,
  listLastDeliveries,
  readChannels,
  sealChannel,
  setChannelDisabled,
} from '~/server/deliveries/delivery-channels'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'
import { AddressRefused, type AddressRule, checkAddress } from '~/server/platform/guarded-post'

const DELIVERIES_SHOWN = 10

/** Every channel, the one that SLACK_WEBHOOK_URL configures first, each with its last deliveries. */
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
      deliveries: (await listLastDeliveries(db, row.id, DELIVERIES_SHOWN)).map(deliveryView),
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
  /** The key that signs deliveries, shown only in this answer. Null for Slack. */
  readonly secret: string | null
}

/**
 * Adds a channel. It receives the outcomes of deploys that end from now on.
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
  const { privateDeliveries: allowPrivate, proxies } = deps.config
  await requireDestination(url, { allowPrivate, proxies, ...(resolve && { resolve }) })
  const secret = CHANNELS[kind].signed ? `whsec_${randomBytes(32).toString('base64')}` : null
  const sealed = await sealChannel(deps.config.authSecrets, { url, secret })
  const [id, at] = [deps.newId(), deps.now()]
  await deps.db.$transaction(async (tx) => {
    if ((await readChannels(tx)).length > CHANNELS_AT_MOST) {
      throw new AppError(
        'channels_full',
        `There are already ${CHANNELS_AT_MOST} channels. Nothing was added. Remove a channel first.`,
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
  const refused = (why: string, next: string) =>
    new AppError('destination_refused', `${why} Nothing was added. ${next}`)
  if (!rule.allowPrivate && new URL(url).protocol !== 'https:') {
    throw refused('The address is not an https address.', 'Use https, or set DELIVERY_PRIVATE_ADDRESSES to "allow".')
  }
  try {
    await checkAddress(url, rule)
  } catch (error) {
    if (error instanceof AddressRefused) {
      throw refused(`${error.message}.`, 'Choose another address, or set DELIVERY_PRIVATE_ADDRESSES to "allow".')
    }
    throw refused('The host name of the address does not resolve.', 'Check the spelling.')
  }
}

/** Enables or disables a channel. A waiting delivery to a disabled channel is dropped at its next attempt. */
export async function setChannelEnabled(
  deps: Pick<Deps, 'db' | 'now'>,
  actor: Actor,
  { id, enabled }: { readonly id: string; readonly enabled: boolean },
): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const channel = await requireEditableChannel(tx, id)
    if (!(await setChannelDisabled(tx, id, enabled, at))) return
    const payload = { ...channelPayload(channel), change: enabled ? 'enabled' : 'disabled' } as const
    await appendAuditEvent(tx, { actor: actor.name, at }, { action: 'console.channel.changed', status: null, payload })
  })
}

/** Removes a channel and erases its address and secret. */
export async function removeChannel(deps: Pick<Deps, 'db' | 'now'>, actor: Actor, id: string): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const channel = await requireEditableChannel(tx, id)
    if (!(await eraseChannel(tx, id, at))) return
    const payload = channelPayload(channel)
    await appendAuditEvent(tx, { actor: actor.name, at }, { action: 'console.channel.removed', status: null, payload })
  })
}

/** Queues a test delivery, which is sent like any other delivery. */
export async function testChannel(deps: Pick<Deps, 'db' | 'now'>, actor: Actor, id: string): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const channel = await requireChannel(tx, id)
    if (channel.disabledAt !== null) throw disabled(channel)
    await queueTestDelivery(tx, id, at)
    const payload = channelPayload(channel)
    await appendAuditEvent(tx, { actor: actor.name, at }, { action: 'console.channel.tested', status: null, payload })
  })
}

/** Queues a settled delivery again under the same id, with all its attempts. Throws `delivery_unknown` and `delivery_refused`. */
export async function resendDelivery(deps: Pick<Deps, 'db' | 'now'>, actor: Actor, id: string): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const found = await tx.delivery.findUnique({
      where: { id },
      select: { channelId: true, state: true, deploy: true },
    })
    if (found === null) {
      throw new AppError('delivery_unknown', `There is no delivery ${id}. Nothing was sent. Reload the page.`)
    }
    const channel = await requireChannel(tx, found.channelId)
    if (channel.disabledAt !== null) throw disabled(channel)
    if (!(await requeueDelivery(tx, id, at))) {
      throw new AppError(
        'delivery_refused',
        'The delivery is already in progress. Nothing was changed. Wait until it has ended.',
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
  new AppError('delivery_refused', `${inSentence(name)} is disabled. Nothing was sent. Enable the channel first.`)

async function requireChannel(tx: DatabaseHandle, id: string): Promise<ChannelRow> {
  const channel = await findChannel(tx, id)
  if (channel === null) {
    throw new AppError('channel_unknown', `There is no channel ${id}. Nothing was changed. Reload the page.`)
  }
  return channel
}

function requireEditableChannel(tx: DatabaseHandle, id: string): Promise<ChannelRow> {
  if (id !== CONFIGURED_CHANNEL) return requireChannel(tx, id)
  throw new AppError(
    'channel_configured',
    'SLACK_WEBHOOK_URL configures this channel. Nothing was changed. Change the setting and restart the console.',
  )
}

const channelPayload = ({ id, kind, name, host }: ChannelRow) => ({ channel_id: id, kind, name, host })
