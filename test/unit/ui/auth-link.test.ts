import { createTRPCClient, TRPCClientError } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import { afterEach, describe, expect, it } from 'vitest'
import type { ErrorCode } from '~/domain/errors'
import type { AppRouter } from '~/server/trpc/routers/_app'
import { authLink, type Liftable, registerPrompt } from '~/ui/trpc/auth-link'

const refusal = (appCode: ErrorCode) =>
  new TRPCClientError<AppRouter>('refused', {
    result: {
      error: { code: -32003, message: 'refused', data: { code: 'FORBIDDEN', httpStatus: 403, appCode, details: {} } },
    },
  })

/** A client whose server answers one entry after the other: an error, or null for a deploy. */
function clientOf(answers: readonly (ErrorCode | null)[]) {
  const sent: unknown[] = []
  const client = createTRPCClient<AppRouter>({
    links: [
      authLink(),
      () =>
        ({ op }) =>
          observable((observer) => {
            const answer = answers[sent.length]
            sent.push(op.input)
            if (answer != null) return observer.error(refusal(answer))
            observer.next({ result: { type: 'data', data: { id: 'x', status: 'requested', runId: null } } })
            observer.complete()
          }),
    ],
  })
  return { sent, client }
}

const request = { surfaceId: 'api', ref: 'main', confirmation: 'api', idempotencyKey: 'the-one-key' }
const forget: (() => void)[] = []
afterEach(() => {
  for (const one of forget.splice(0)) one()
})
const whenAsked = (refusal: Liftable, lifted: boolean) => {
  let asked = 0
  forget.push(
    registerPrompt(refusal, async () => {
      asked += 1
      return lifted
    }),
  )
  return () => asked
}

describe.each([
  ['the last proof is too old', 'proof_stale'],
  ['the session is over', 'signed_out'],
] as const)('a request refused because %s', (_, code) => {
  it('is sent again unchanged, with its idempotency key, once the member has resolved the refusal', async () => {
    const asked = whenAsked(code, true)
    const { client, sent } = clientOf([code, null])
    expect(await client.deploys.dispatch.mutate(request)).toMatchObject({ id: 'x' })
    expect(sent).toEqual([request, request])
    expect(asked()).toBe(1)
  })

  it('stays refused if the member declines', async () => {
    whenAsked(code, false)
    const { client, sent } = clientOf([code, null])
    await expect(client.deploys.dispatch.mutate(request)).rejects.toThrow('refused')
    expect(sent).toHaveLength(1)
  })

  it('asks the member once: a second refusal is final', async () => {
    const asked = whenAsked(code, true)
    const { client, sent } = clientOf([code, code, null])
    await expect(client.deploys.dispatch.mutate(request)).rejects.toThrow('refused')
    expect([sent.length, asked()]).toEqual([2, 1])
  })
})

it('a request that meets both refusals is sent a third time once both are resolved', async () => {
  whenAsked('signed_out', true)
  whenAsked('proof_stale', true)
  const { client, sent } = clientOf(['signed_out', 'proof_stale', null])
  expect(await client.deploys.dispatch.mutate(request)).toMatchObject({ id: 'x' })
  expect(sent).toEqual([request, request, request])
})

it('any other refusal is final, and the member is not asked', async () => {
  const asked = whenAsked('proof_stale', true)
  const { client } = clientOf(['frozen'])
  await expect(client.deploys.dispatch.mutate(request)).rejects.toThrow('refused')
  expect(asked()).toBe(0)
})
