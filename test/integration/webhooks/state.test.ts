import { afterAll, beforeAll, expect, it } from 'vitest'
import { readWebhookState } from '~/server/webhooks/read-webhook-state'
import { receiveWebhook } from '~/server/webhooks/receive-webhook'
import { recordActivity } from '~/server/webhooks/webhook-hearings.sql'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { signedWebhook, webhookEvents } from '~test/support/signed-webhook'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
  await insertSurface(console_.deps)
  await insertSurface(console_.deps)
})
afterAll(() => console_.close())

const AT = Date.parse('2026-11-28T12:00:00Z')
const minutes = (n: number) => new Date(AT + n * 60_000)
const at = (n: number) => ({ ...console_.deps, now: () => minutes(n) })
const state = (n: number) => readWebhookState(at(n))
const send = async (event: string, payload: object, n: number) =>
  receiveWebhook(at(n), await signedWebhook(event, payload))

it('the state per repository shows when webhooks were heard, that they went silent, and that they are heard again', async () => {
  const unheard = { state: 'unheard', heardAt: null, untoldAt: null }
  expect(await state(0)).toEqual({
    configured: true,
    url: 'http://localhost:3000/api/github/webhooks',
    appHeardAt: null,
    repositories: [{ repository: 'acme/platform', runs: unheard, refs: unheard, last: null }],
  })

  await send('ping', { hook: { events: ['*'] } }, 0)
  await send('workflow_run', webhookEvents.run(1), 1)
  await send('push', webhookEvents.push(), 2)
  const heardAt = minutes(1).toISOString()
  expect(await state(3)).toMatchObject({
    appHeardAt: minutes(0).toISOString(),
    repositories: [{ runs: { state: 'heard', heardAt }, last: { event: 'push', at: minutes(2).toISOString() } }],
  })

  await recordActivity(console_.deps.db, { repository: 'acme/platform', subject: 'runs', at: minutes(60) })
  expect(await state(64)).toMatchObject({ repositories: [{ runs: { state: 'heard' } }] })
  expect(await state(66)).toMatchObject({
    repositories: [
      { runs: { state: 'silent', heardAt, untoldAt: minutes(60).toISOString() }, refs: { state: 'heard' } },
    ],
  })

  await send('workflow_run', webhookEvents.run(2), 70)
  expect(await state(71)).toMatchObject({ repositories: [{ runs: { state: 'heard', untoldAt: null } }] })
})

it('a console without a webhook secret reports that webhooks are not configured', async () => {
  const config = { ...console_.deps.config, githubWebhookSecrets: [] }
  expect(await readWebhookState({ ...console_.deps, config })).toMatchObject({ configured: false })
})
