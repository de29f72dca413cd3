import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CALLBACK_BODY_LIMIT } from '~/domain/deploy/callback'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { CALLBACK_SECRET, createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { signedCallback } from '~test/support/signed-callback'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

const send = (request: Request, id: string) => receiveCallback(console_.deps, request, id)

/** A workflow's signed request with changed headers. */
function tampered(id: string, change: (headers: Headers) => void, body = '{"status":"building"}'): Request {
  const original = signedCallback(id, '{"status":"building"}')
  const headers = new Headers(original.headers)
  change(headers)
  return new Request(original.url, { method: 'POST', headers, body })
}

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000)

describe('an invalid signature', () => {
  const kinds: [string, (id: string) => Request][] = [
    ['no signature', (id) => tampered(id, (headers) => headers.delete('webhook-signature'))],
    ['no id', (id) => tampered(id, (headers) => headers.delete('webhook-id'))],
    ['no timestamp', (id) => tampered(id, (headers) => headers.delete('webhook-timestamp'))],
    ['another id', (id) => tampered(id, (headers) => headers.set('webhook-id', 'another'))],
    ['a timestamp that is not a number', (id) => tampered(id, (headers) => headers.set('webhook-timestamp', 'soon'))],
    ['a changed body', (id) => tampered(id, () => {}, '{"status":"failed"}')],
    ['garbage', (id) => tampered(id, (headers) => headers.set('webhook-signature', 'v1,garbage'))],
    [
      'another secret',
      (id) => signedCallback(id, { status: 'building' }, { secret: `whsec_${randomBytes(32).toString('base64')}` }),
    ],
    ['a timestamp six minutes old', (id) => signedCallback(id, { status: 'building' }, { at: minutesAgo(6) })],
    ['a timestamp six minutes ahead', (id) => signedCallback(id, { status: 'building' }, { at: minutesAgo(-6) })],
  ]

  it.each(kinds)('a callback with %s is answered 401 with one message, and nothing is written', async (_, build) => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    const response = await send(build(id), id)
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({
      type: 'urn:deploy-console:problem:signature-invalid',
      title: 'The signature is invalid',
      status: 401,
      detail:
        'The signature is missing, wrong or out of date. Nothing was read. Check the secret and the clock of the sender.',
      code: 'signature_invalid',
    })
    const deploy = await console_.deps.db.deploy.findUniqueOrThrow({ where: { id }, include: { receipts: true } })
    expect(deploy).toMatchObject({ status: 'dispatched', receipts: [] })
    expect(await console_.deps.db.auditEvent.count({ where: { deployId: id } })).toBe(0)
  })
})

describe('the order of checks', () => {
  it('a body over the limit is refused before any other check', async () => {
    const response = await send(signedCallback('no-uuid', 'x'.repeat(CALLBACK_BODY_LIMIT + 1)), 'no-uuid')
    expect(response.status).toBe(413)
  })

  it('an id that is not a UUID is refused before the signature is checked', async () => {
    const response = await send(
      tampered('no-uuid', (headers) => headers.delete('webhook-signature')),
      'no-uuid',
    )
    expect(response.status).toBe(400)
  })

  it('an invalid signature is refused before the JSON is parsed', async () => {
    const id = console_.deps.newId()
    expect(
      (
        await send(
          tampered(id, () => {}, '{nonsense'),
          id,
        )
      ).status,
    ).toBe(401)
  })

  it.each([
    ['invalid JSON', '{nonsense'],
    ['no status', '{"log_line":"x"}'],
    ['a failure stage without failure', '{"status":"building","failure_stage":"build_failed"}'],
    ['an array', '[]'],
    ['null', 'null'],
  ])('a signed body with invalid content (%s) is refused before the deploy is looked up', async (_, body) => {
    const id = console_.deps.newId()
    expect((await send(signedCallback(id, body), id)).status).toBe(400)
  })

  it('a deploy that does not exist is answered 404 only to a signed callback', async () => {
    const id = console_.deps.newId()
    expect((await send(signedCallback(id, { status: 'building' }), id)).status).toBe(404)
    expect(
      (
        await send(
          tampered(id, (headers) => headers.set('webhook-id', 'x')),
          id,
        )
      ).status,
    ).toBe(401)
  })
})

describe('callbacks while the database is unreachable', () => {
  it('without a database, a valid signature is answered 503 with Retry-After, and an invalid one 401', async () => {
    const away = await createTestConsole({ env: { DATABASE_URL: 'postgresql://nobody:x@127.0.0.1:9/none' } })
    const id = away.deps.newId()
    const good = await receiveCallback(away.deps, signedCallback(id, { status: 'building' }), id)
    expect([good.status, good.headers.get('retry-after')]).toEqual([503, '5'])
    const bad = await receiveCallback(
      away.deps,
      tampered(id, (headers) => headers.set('webhook-id', 'x')),
      id,
    )
    expect(bad.status).toBe(401)
    await away.close()
  })
})

it('a refusal contains neither the secret nor the signature', async () => {
  const { id } = await insertDeployAt(console_.deps, 'dispatched')
  const request = signedCallback(id, { status: 'succeeded' })
  const signature = request.headers.get('webhook-signature') ?? 'none'
  const text = await (await send(request, id)).text()
  expect(text).not.toContain(CALLBACK_SECRET)
  expect(text).not.toContain(signature)
})
