import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { restClient } from '~test/support/rest-client'
import { SHA } from '~test/support/scripted-github'
import { type ApprovalWorld, createApprovalWorld } from '../approvals/approval-world'

/** The person whose session the REST client has. */
const OPERATOR = 'operator@example.com'

let world: ApprovalWorld
let rest: ReturnType<typeof restClient>
beforeAll(async () => {
  world = await createApprovalWorld()
  rest = restClient(world.deps)
})
beforeEach(() => world.reset())
afterAll(() => world.close())

const address = (id: string, step = '') => `/api/internal/approvals/${id}${step}`

describe('POST /api/internal/deploys for a surface that needs approval', () => {
  it('a deploy that needs approval is answered 202 with the approval, its address and no deploy id', async () => {
    const { id, confirm } = await world.newSurface()
    const body = { surface: id, ref: 'main', confirmation: confirm, expected_sha: SHA }
    const headers = { 'idempotency-key': randomUUID() }
    const answer = await rest.call('POST', '/api/internal/deploys', { headers, body })
    expect(answer).toMatchObject({ status: 202, body: { approval: { state: 'waiting', yours: true, sha: SHA } } })
    expect(Object.keys(answer.body ?? {})).toEqual(['approval'])
    const again = await rest.call('POST', '/api/internal/deploys', { headers, body })
    expect(again.body).toEqual(answer.body)
    const location = answer.headers.get('location') ?? ''
    expect(await rest.call('GET', location)).toMatchObject({ status: 200, body: { state: 'waiting', deploy_id: null } })
    const own = await rest.call('POST', `${location}/approve`)
    expect(own).toMatchObject({ status: 403, body: { code: 'approval_own' } })
    const withdrawn = await rest.call('POST', `${location}/withdraw`)
    expect(withdrawn).toMatchObject({ status: 200, body: { state: 'withdrawn' } })
    expect(world.github.dispatches()).toEqual([])
  })

  it('a deploy request may name the source of its commit', async () => {
    const { id, confirm } = await world.newSurface()
    const source = { kind: 'promotion', surface: 'nowhere' }
    const body = { surface: id, ref: SHA, confirmation: confirm, source }
    const answer = await rest.call('POST', '/api/internal/deploys', {
      headers: { 'idempotency-key': randomUUID() },
      body,
    })
    expect(answer).toMatchObject({ status: 409, body: { code: 'source_refused' } })
  })
})

describe('deciding an approval over REST', () => {
  it('approving is answered 202 with the address of the deploy, which names the approver', async () => {
    const { approval } = await world.waiting()
    const answer = await rest.call('POST', address(approval.id, '/approve'))
    expect(answer).toMatchObject({ status: 202, body: { state: 'granted', decision: { by: OPERATOR } } })
    const deploy = await rest.call('GET', answer.headers.get('location') ?? '')
    expect(deploy.body).toMatchObject({ status: 'dispatched', requested_by: 'ada', approved_by: OPERATOR })
  })

  it('approving after the ref moved is answered 409 with both commits', async () => {
    const { approval } = await world.waiting()
    world.moveRef('b'.repeat(40))
    expect(await rest.call('POST', address(approval.id, '/approve'))).toMatchObject({
      status: 409,
      body: { code: 'ref_moved', expected_sha: SHA, actual_sha: 'b'.repeat(40) },
    })
  })

  it('refusing requires a reason and ends the request', async () => {
    const { approval } = await world.waiting()
    const without = await rest.call('POST', address(approval.id, '/refuse'), { body: {} })
    expect(without).toMatchObject({ status: 400, body: { code: 'invalid_input' } })
    const refused = await rest.call('POST', address(approval.id, '/refuse'), { body: { reason: 'Not today' } })
    expect(refused).toMatchObject({ status: 200, body: { state: 'refused', decision: { reason: 'Not today' } } })
    const late = await rest.call('POST', address(approval.id, '/approve'))
    expect(late).toMatchObject({ status: 409, body: { code: 'approval_over', state: 'refused' } })
    expect(await rest.call('POST', address(approval.id, '/withdraw'))).toMatchObject({ status: 403 })
  })

  it.each(['', '/approve', '/refuse', '/withdraw'])(
    '…/{id}%s is answered 404 for an unknown approval and 400 for an id that is not a UUID',
    async (step) => {
      const method = step === '' ? 'GET' : 'POST'
      const init = step === '/refuse' ? { body: { reason: 'No' } } : {}
      expect(await rest.call(method, address(randomUUID(), step), init)).toMatchObject({ status: 404 })
      expect(await rest.call(method, address('1', step), init)).toMatchObject({
        status: 400,
        body: { code: 'invalid_id' },
      })
    },
  )
})
