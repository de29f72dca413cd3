import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allowedFrom, canTransition, DEPLOY_STATUSES, isCallbackStatus } from '~/domain/deploy/status'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { advanceDeploy } from '~/server/deploys/deploys.sql'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { signedCallback } from '~test/support/signed-callback'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

const statusOf = async (id: string) =>
  (await console_.deps.db.deploy.findUniqueOrThrow({ where: { id }, select: { status: true } })).status
const auditOf = (id: string, action: string) => console_.deps.db.auditEvent.count({ where: { deployId: id, action } })

const pairs = DEPLOY_STATUSES.flatMap((from) => DEPLOY_STATUSES.map((to) => ({ from, to })))

describe('a callback for every ordered pair of statuses', () => {
  it.each(pairs)('a callback moves $from → $to only along an edge open to workflows', async ({ from, to }) => {
    const { deps } = console_
    const { id } = await insertDeployAt(deps, from)
    const response = await receiveCallback(deps, signedCallback(id, { status: to, log_line: 'kept' }), id)
    const answer = await response.json()

    // A callback proves that GitHub accepted the dispatch, so a requested deploy becomes dispatched first.
    const stands = from === 'requested' ? 'dispatched' : from
    if (isCallbackStatus(to) && canTransition(stands, to)) {
      expect([response.status, answer]).toEqual([200, { applied: true, status: to }])
      expect(await statusOf(id)).toBe(to)
      expect(await auditOf(id, 'console.deploy.callback')).toBe(1)
      expect(await auditOf(id, 'console.deploy.dispatched')).toBe(from === 'requested' ? 1 : 0)
    } else if (from === to && isCallbackStatus(to)) {
      expect([response.status, answer]).toEqual([200, { applied: false, status: from }])
      expect(await statusOf(id)).toBe(from)
      expect(await deps.db.auditEvent.count({ where: { deployId: id } })).toBe(0)
    } else {
      expect(response.status).toBe(422)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      const reached = isCallbackStatus(to) ? stands : from
      expect(answer).toMatchObject({
        status: 422,
        from: reached,
        to,
        allowed: allowedFrom(reached).filter(isCallbackStatus),
      })
      expect(await statusOf(id)).toBe(reached)
      expect(await auditOf(id, 'console.deploy.callback_rejected')).toBe(1)
    }
    expect(
      await deps.db.deployLogLine.findMany({ where: { deployId: id }, select: { seq: true, line: true } }),
    ).toEqual([{ seq: 1, line: 'kept' }])
  })
})

describe('the compare-and-set of every status write, for every ordered pair of statuses', () => {
  it.each(pairs)(
    'the move $from → $to writes the status and its audit event together, or neither',
    async ({ from, to }) => {
      const { deps } = console_
      const { id, surface } = await insertDeployAt(deps, from)
      const at = deps.now()
      const moved = await deps.db.$transaction((tx) =>
        advanceDeploy(tx, {
          deployId: id,
          surfaceId: surface.id,
          to,
          actor: 'test',
          at,
          event: { action: 'console.deploy.callback', status: to, payload: { webhook_id: 'w', from } },
        }),
      )
      expect(moved).toEqual(canTransition(from, to) ? { id, status: to, githubRunId: null } : null)
      expect(await statusOf(id)).toBe(moved ? to : from)
      expect(await auditOf(id, 'console.deploy.callback')).toBe(moved ? 1 : 0)
    },
  )
})

describe('a status that this version does not know', () => {
  it('a callback never overwrites an unknown status, and the refusal names that status', async () => {
    const { deps } = console_
    const { id } = await insertDeployAt(deps, 'building')
    await deps.db.$executeRaw`ALTER TABLE console_deploys DROP CONSTRAINT console_deploys_status_check`
    await deps.db.$executeRaw`UPDATE console_deploys SET status = 'canary_started' WHERE id = ${id}::uuid`
    const response = await receiveCallback(deps, signedCallback(id, { status: 'deploying', log_line: 'kept' }), id)
    expect([response.status, await response.json()]).toMatchObject([422, { from: 'canary_started', allowed: [] }])
    expect(await statusOf(id)).toBe('canary_started')
  })

  it('a callback with an unknown status that cannot be stored is refused and audited', async () => {
    const { deps } = console_
    const { id } = await insertDeployAt(deps, 'building')
    const body = { status: 'can\u0000ary\ud800', log_line: 'half \udc00 a character' }
    const response = await receiveCallback(deps, signedCallback(id, body), id)
    expect([response.status, await response.json()]).toMatchObject([422, { to: 'can␀ary�' }])
    expect(await auditOf(id, 'console.deploy.callback_rejected')).toBe(1)
  })

  it('a callback with an unknown status is refused with 422, and its log line is kept', async () => {
    const { deps } = console_
    const { id } = await insertDeployAt(deps, 'building')
    const response = await receiveCallback(deps, signedCallback(id, { status: 'canary', log_line: 'kept' }), id)
    expect([response.status, await response.json()]).toMatchObject([422, { code: 'status_unknown', to: 'canary' }])
    expect(await statusOf(id)).toBe('building')
    expect(await deps.db.deployLogLine.count({ where: { deployId: id } })).toBe(1)
  })
})
