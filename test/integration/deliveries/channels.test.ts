import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { CONFIGURED_CHANNEL, RETRY_PAUSES_MS } from '~/domain/delivery'
import type { AddChannelInput } from '~/domain/delivery-input'
import { openChannel, resealChannels } from '~/server/deliveries/delivery-channels'
import { deliver } from '~/server/deliveries/send/deliver'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { createDeps, type Deps } from '~/server/deps'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { actorNamed, OPERATOR } from '~test/support/actors'
import { AUTH_SECRET, createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { runQueue } from '~test/support/run-queue'
import { signedCallback } from '~test/support/signed-callback'
import { startSlackReceiver } from '~test/support/slack-receiver'
import { startWebhookReceiver } from '~test/support/webhook-receiver'

let console_: TestConsole
let deps: Deps
let slack: Awaited<ReturnType<typeof startSlackReceiver>>
let receiver: Awaited<ReturnType<typeof startWebhookReceiver>>
beforeAll(async () => {
  slack = await startSlackReceiver()
  receiver = await startWebhookReceiver()
  console_ = await createTestConsole({
    env: {
      SLACK_WEBHOOK_URL: slack.url,
      CONSOLE_URL: 'https://console.acme.dev',
      DELIVERY_PRIVATE_ADDRESSES: 'allow',
    },
  })
  deps = console_.deps
})
beforeEach(() => {
  slack.texts.length = 0
  receiver.received.length = 0
  receiver.script.answer = () => ({ status: 204 })
})
afterEach(async () => {
  for (const { id, configured } of await call().list()) if (!configured) await call().removeChannel({ id })
  await workNow()
})
afterAll(async () => {
  await console_.close()
  await slack.close()
  await receiver.close()
})

const call = (from = deps, actor = OPERATOR) => createCaller(createContextInner(from, actor)).deliveries
const add = (input: Partial<AddChannelInput> = {}) =>
  call().addChannel({ kind: 'webhook', name: 'Chat bot', url: receiver.url, ...input })
async function endDeploy() {
  const { id } = await insertDeployAt(deps, 'deploying')
  await receiveCallback(deps, signedCallback(id, { status: 'failed', failure_stage: 'health_check_failed' }), id)
  return id
}
const workNow = async () => {
  await deps.db.$executeRaw`UPDATE graphile_worker._private_jobs SET run_at = now(), locked_at = NULL, locked_by = NULL`
  await runQueue(deps)
}
const channelNow = async (id: string) => (await call().list()).find((channel) => channel.id === id)
const lastOf = async (id: string) => (await channelNow(id))?.deliveries[0]
const trail = async () =>
  (
    await deps.db.auditEvent.findMany({
      where: { action: { startsWith: 'console.channel.' } },
      orderBy: { id: 'desc' },
      take: 1,
    })
  )[0]

describe('a signed webhook', () => {
  it("a signed webhook receives each outcome beside Slack, and its receiver's library verifies the signature", async () => {
    const { id: channelId, secret } = await add()
    const id = await endDeploy()
    await workNow()
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received
    const payload = new Webhook(secret ?? '').verify(body, headers as Record<string, string>)
    const deploy = await getDeploy(deps, id)
    expect(payload).toEqual({
      type: 'deploy.ended',
      version: 1,
      timestamp: expect.any(String),
      data: {
        deploy: {
          id,
          status: 'failed',
          shipped: 'unknown',
          headline: 'Failed at Health check',
          sentences: deploy.sentences,
          failure_stage: 'health_check_failed',
          surface: { id: deploy.surface.id, name: deploy.surface.name, environment: 'production' },
          repository: 'acme/platform',
          ref: 'main',
          sha: null,
          run_id: null,
          requested_by: 'operator',
          requested_at: expect.any(String),
          finished_at: expect.any(String),
          url: `https://console.acme.dev/deploys/${id}`,
        },
      },
    })
    expect([slack.texts.length, receiver.received.length]).toEqual([1, 1])
    expect(await lastOf(channelId)).toMatchObject({ state: 'sent', attempts: 1, lastStatus: 204, deploy: { id } })
    expect(deploy.timeline.map(({ note }) => note)).toContain('Outcome sent to Chat bot.')
  })

  it('a delivery whose answer was lost is sent again with the same id', async () => {
    const { id } = await add()
    receiver.script.answer = () => 'hang up'
    await endDeploy()
    await workNow()
    expect(await lastOf(id)).toMatchObject({ state: 'waiting', attempts: 1, lastStatus: null })
    receiver.script.answer = () => ({ status: 200 })
    await workNow()
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    expect(ids).toEqual([ids[0], ids[0]])
    expect(await lastOf(id)).toMatchObject({ id: ids[0], state: 'sent', attempts: 2 })
  })

  it('a delivery whose attempts were all unanswered for a day ends as unknown, and the timeline of the deploy says so', async () => {
    const { id } = await add()
    receiver.script.answer = () => 'hang up'
    const deployId = await endDeploy()
    await deps.db.delivery.updateMany({
      where: { deployId, channelId: id },
      data: { attempts: RETRY_PAUSES_MS.length },
    })
    await workNow()
    expect(await lastOf(id)).toMatchObject({ state: 'unknown', nextTryAt: null })
    const notes = (await getDeploy(deps, deployId)).timeline.map(({ note }) => note)
    expect(notes.find((note) => note?.includes('Chat bot'))).toMatch(
      /^Outcome may not have reached Chat bot: The receiver did not answer \([\w ]+\)\.$/,
    )
  })

  it('a failing webhook does not delay Slack or other channels, and its record contains no address', async () => {
    receiver.script.answer = () => ({ status: 302, headers: { location: slack.url } })
    const { id } = await add()
    const { id: other } = await add({ kind: 'slack', name: 'Other room', url: slack.url })
    await endDeploy()
    await workNow()
    expect(slack.texts).toHaveLength(2)
    expect(await lastOf(other)).toMatchObject({ state: 'sent' })
    expect(await lastOf(id)).toMatchObject({ state: 'waiting', lastError: 'The receiver answered 302' })
    expect(JSON.stringify(await call().list())).not.toContain('very-secret-path')
  })

  it('a delivery that the receiver answers with 410 is not sent again', async () => {
    receiver.script.answer = () => ({ status: 410 })
    const { id } = await add()
    await endDeploy()
    await workNow()
    await workNow()
    expect([receiver.received.length, (await lastOf(id))?.state]).toEqual([1, 'failed'])
  })
})

it('a receiver that answers 429 or 503 with Retry-After is retried after that time, and after at most an hour', async () => {
  const { id } = await add()
  const at = new Date('2026-11-28T12:00:00Z')
  const fixed = { ...deps, now: () => at }
  for (const [status, retryAfter, waited] of [
    [429, '900', 900],
    [503, '86400', 3_600],
    // Retry-After of another status, sooner than the pause or unreadable, is ignored.
    [500, '900', 10],
    [429, '1', 10],
    [503, 'soon', 10],
  ] as const) {
    receiver.script.answer = () => ({ status, headers: { 'retry-after': retryAfter } })
    await call().testChannel({ id })
    const { id: deliveryId = '' } = (await lastOf(id)) ?? {}
    await deliver(fixed, deliveryId)
    expect(await lastOf(id)).toMatchObject({
      state: 'waiting',
      lastStatus: status,
      nextTryAt: new Date(at.getTime() + waited * 1000).toISOString(),
    })
  }
  receiver.script.answer = () => ({ status: 204 })
})

it('the receiver in docs/webhooks.md verifies a delivery, handles an outcome once, and refuses another secret', async () => {
  const { id, secret } = await add()
  const { POST, told } = await receiverOfDocs(secret ?? '')
  const answers: number[] = []
  receiver.script.answer = async ({ headers, body }) => {
    const request = new Request(receiver.url, { method: 'POST', headers: headers as Record<string, string>, body })
    const { status } = await POST(request)
    answers.push(status)
    return { status }
  }
  const deployId = await endDeploy()
  await workNow()
  await call().resend({ id: (await lastOf(id))?.id ?? '' })
  await workNow()
  expect(told).toMatchObject([{ id: deployId, status: 'failed' }])
  const { id: other } = await add({ name: 'Signed with another secret' })
  await call().testChannel({ id: other })
  await workNow()
  expect(answers).toEqual([204, 204, 401])
})

/** The example from docs/webhooks.md, with the two functions that the page leaves to its reader. */
async function receiverOfDocs(secret: string) {
  const project = path.resolve(import.meta.dirname, '../../..')
  const [, example] = /```js\n(.*?)```/s.exec(readFileSync(path.join(project, 'docs/webhooks.md'), 'utf8')) ?? []
  const scratch = mkdtempSync(path.join(tmpdir(), 'deploy-console-receiver-'))
  onTestFinished(() => rmSync(scratch, { recursive: true }))
  symlinkSync(path.join(project, 'node_modules'), path.join(scratch, 'node_modules'))
  const file = path.join(scratch, 'receiver.mjs')
  writeFileSync(file, example ?? '')
  const [seen, told] = [new Set<string>(), [] as unknown[]]
  vi.stubEnv('CONSOLE_WEBHOOK_SECRET', secret)
  vi.stubGlobal('seenBefore', async (id: string) => seen.size === seen.add(id).size)
  vi.stubGlobal('tellTheTeam', async (deploy: unknown) => void told.push(deploy))
  onTestFinished(() => {
    vi.unstubAllEnvs()
    vi.unstubAllGlobals()
  })
  const { POST } = (await import(pathToFileURL(file).href)) as { POST: (request: Request) => Promise<Response> }
  return { POST, told }
}

describe('a channel', () => {
  it("a channel's address and secret are stored encrypted and never shown again", async () => {
    const { id, secret } = await add()
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const row = await deps.db.deliveryChannel.findUniqueOrThrow({ where: { id } })
    const events = await deps.db.auditEvent.findMany()
    const seen = JSON.stringify([row, await call().list(), events], (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    expect(seen).not.toContain('very-secret-path')
    expect(seen).not.toContain(secret?.slice(6))
    expect(await openChannel([AUTH_SECRET], row.sealed ?? '')).toEqual({ url: receiver.url, secret })
  })

  it('a channel is encrypted again with a new AUTH_SECRET, and its deliveries are dropped with a reason if the secret is missing', async () => {
    const { id } = await add()
    const [older, newer] = ['o', 'n'].map((letter) => letter.repeat(40))
    const withSecrets = (...authSecrets: (string | undefined)[]) =>
      createDeps({ ...deps.config, authSecrets: authSecrets.filter((one) => one !== undefined) })
    const rotating = withSecrets(newer, AUTH_SECRET)
    await resealChannels(rotating)
    const { sealed } = await deps.db.deliveryChannel.findUniqueOrThrow({ where: { id } })
    expect(await openChannel([newer ?? ''], sealed ?? '')).toMatchObject({ url: receiver.url })
    await call().testChannel({ id })
    await workNow()
    expect(await lastOf(id)).toMatchObject({ state: 'dropped', lastError: expect.stringContaining('AUTH_SECRET') })
    expect(await openChannel([older ?? ''], sealed ?? '')).toBeNull()
    await rotating.db.$disconnect()
  })

  it('a disabled channel receives nothing, and an enabled one receives the outcomes from then on', async () => {
    const { id } = await add()
    await endDeploy()
    await call().setEnabled({ id, enabled: false })
    await workNow()
    await endDeploy()
    await workNow()
    expect((await channelNow(id))?.deliveries).toMatchObject([{ state: 'dropped' }])
    await call().setEnabled({ id, enabled: true })
    await endDeploy()
    await workNow()
    expect(receiver.received).toHaveLength(1)
    expect(await trail()).toMatchObject({ action: 'console.channel.changed', payload: { change: 'enabled' } })
  })

  it('a removed channel receives none of its waiting deliveries, and its secret is deleted', async () => {
    const { id } = await add()
    await endDeploy()
    await call().removeChannel({ id })
    await workNow()
    expect(receiver.received).toEqual([])
    expect(await deps.db.deliveryChannel.findUniqueOrThrow({ where: { id } })).toMatchObject({ sealed: null })
    expect(await deps.db.delivery.findFirst({ where: { channelId: id } })).toMatchObject({ state: 'dropped' })
    expect(await trail()).toMatchObject({ action: 'console.channel.removed', actor: OPERATOR.name })
  })

  it('a channel of an unknown kind receives nothing, and the delivery says why', async () => {
    const { id } = await add()
    await deps.db.$executeRaw`ALTER TABLE "delivery_channels" DROP CONSTRAINT "delivery_channels_kind_check"`
    await deps.db.deliveryChannel.update({ where: { id }, data: { kind: 'pager' } })
    await endDeploy()
    await workNow()
    expect(receiver.received).toEqual([])
    expect(await deps.db.delivery.findMany({ where: { channelId: id } })).toMatchObject([
      { state: 'dropped', lastError: 'This version does not know channels of the kind pager.' },
    ])
    await deps.db.deliveryChannel.update({ where: { id }, data: { kind: 'webhook' } })
  })

  it('the configured channel is listed and can be tested, and cannot be changed', async () => {
    const id = CONFIGURED_CHANNEL
    expect(await channelNow(id)).toMatchObject({ name: 'SLACK_WEBHOOK_URL', configured: true })
    const refused = { cause: { code: 'channel_configured' } }
    await expect(call().removeChannel({ id })).rejects.toMatchObject(refused)
    await expect(call().setEnabled({ id, enabled: false })).rejects.toMatchObject(refused)
    await call().testChannel({ id })
    await workNow()
    expect(slack.texts).toEqual(['This is a test of Deploy Console. The outcomes of deploys will be posted here.'])
  })

  it.each([
    'http://1.1.1.1/hook',
    'https://127.0.0.1/hook',
    'https://169.254.169.254/latest',
    'https://localhost/hook',
  ])('a channel at %s is refused by default', async (url) => {
    const strict = { ...deps, config: { ...deps.config, privateDeliveries: false } }
    const refused = call(strict).addChannel({ kind: 'webhook', name: 'Inside', url })
    await expect(refused).rejects.toMatchObject({ cause: { code: 'destination_refused' } })
    expect((await call().list()).map(({ name }) => name)).not.toContain('Inside')
  })

  it('a channel that was added while private addresses were allowed receives nothing once they are not', async () => {
    const { id } = await add()
    await endDeploy()
    const strict = createDeps({ ...deps.config, privateDeliveries: false })
    await runQueue(strict)
    expect(receiver.received).toEqual([])
    expect(await lastOf(id)).toMatchObject({ state: 'waiting', lastError: expect.stringContaining('private') })
    await strict.db.$disconnect()
  })

  it('a channel is added only with a fresh proof', async () => {
    const input = { kind: 'webhook', name: 'Bot', url: receiver.url } as const
    const stale = actorNamed('stale', { provedAt: new Date(0) })
    await expect(call(deps, stale).addChannel(input)).rejects.toMatchObject({ cause: { code: 'proof_stale' } })
  })
})

describe('testing a channel', () => {
  it('a test sends a signed delivery, which is recorded and audited', async () => {
    const { id, secret } = await add()
    await call().testChannel({ id })
    await workNow()
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received
    expect(new Webhook(secret ?? '').verify(body, headers as Record<string, string>)).toMatchObject({ type: 'test' })
    expect(await lastOf(id)).toMatchObject({ state: 'sent', deploy: null })
    expect(await trail()).toMatchObject({
      action: 'console.channel.tested',
      payload: { channel_id: id, name: 'Chat bot' },
    })
  })
})

describe('sending a delivery again', () => {
  it('a delivery that is sent again keeps its id and starts its attempts anew, and the deploy says so', async () => {
    const { id } = await add()
    const deployId = await endDeploy()
    await workNow()
    const sent = await lastOf(id)
    await call().resend({ id: sent?.id ?? '' })
    expect(await lastOf(id)).toMatchObject({ id: sent?.id, state: 'waiting', attempts: 0 })
    await workNow()
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([sent?.id, sent?.id])
    const notes = (await getDeploy(deps, deployId)).timeline.map(({ note }) => note)
    expect(notes).toContain('Outcome queued again for Chat bot.')
  })

  it('a delivery cannot be sent again while it waits or while its channel is disabled', async () => {
    const { id } = await add()
    await endDeploy()
    const waiting = await lastOf(id)
    const again = () => call().resend({ id: waiting?.id ?? '' })
    await expect(again()).rejects.toMatchObject({ cause: { code: 'delivery_refused' } })
    await workNow()
    await call().setEnabled({ id, enabled: false })
    await expect(again()).rejects.toMatchObject({ cause: { code: 'delivery_refused' } })
    expect(receiver.received).toHaveLength(1)
  })
})
