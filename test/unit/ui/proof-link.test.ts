import { createTRPCClient, TRPCClientError } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import { afterEach, describe, expect, it } from 'vitest'
import type { ErrorCode } from '~/domain/errors'
import type { AppRouter } from '~/server/trpc/routers/_app'
import { proofLink, registerProofPrompt } from '~/ui/trpc/proof-link'

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
      proofLink(),
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
let forget = () => {}
afterEach(() => forget())
const whenAsked = (proved: boolean) => {
  let asked = 0
  forget = registerProofPrompt(async () => {
    asked += 1
    return proved
  })
  return () => asked
}

describe('a request refused because the last proof is too old', () => {
  it('goes again, the very same, once the person has confirmed who they are', async () => {
    const asked = whenAsked(true)
    const { client, sent } = clientOf(['proof_stale', null])
    expect(await client.deploys.dispatch.mutate(request)).toMatchObject({ id: 'x' })
    expect(sent).toEqual([request, request])
    expect(asked()).toBe(1)
  })

  it('stays refused when the person would rather not', async () => {
    whenAsked(false)
    const { client, sent } = clientOf(['proof_stale', null])
    await expect(client.deploys.dispatch.mutate(request)).rejects.toThrow('refused')
    expect(sent).toHaveLength(1)
  })

  it('is asked about once: a second refusal is the answer', async () => {
    const asked = whenAsked(true)
    const { client, sent } = clientOf(['proof_stale', 'proof_stale', null])
    await expect(client.deploys.dispatch.mutate(request)).rejects.toThrow('refused')
    expect([sent.length, asked()]).toEqual([2, 1])
  })
})

it('any other refusal asks nobody', async () => {
  const asked = whenAsked(true)
  const { client } = clientOf(['frozen'])
  await expect(client.deploys.dispatch.mutate(request)).rejects.toThrow('refused')
  expect(asked()).toBe(0)
})
