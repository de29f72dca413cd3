import { describe, expect, test } from 'vitest'
import type { DeploySource } from '~/domain/deploy/request'
import { type Flow, type FlowAction, flowReducer, requestToSend, startFlow } from '~/ui/deploy-modal/new-deploy/flow'
import type { WireError } from '~/ui/trpc/wire-error'
import { BASIS } from './fixtures'

const surface = { id: 'console', confirm: 'console' }
const sha = 'b'.repeat(40)
const unreachable: WireError = { kind: 'unreachable', appCode: null, message: 'no answer' }
const broken: WireError = { kind: 'broken', appCode: 'database_unavailable', message: 'the database is away' }
const reviewed = { runningSha: 'a'.repeat(40), comparison: null, pulls: [], checklist: [], basis: BASIS }
const COMPARISON = { kind: 'behind', commits: [], removed: [], touching: null, url: '' } as const
const refused: WireError = { kind: 'refused', appCode: 'ref_moved', message: 'main has moved' }

const through = (flow: Flow, ...actions: readonly FlowAction[]) => actions.reduce(flowReducer, flow)

const atConfirm = (key = 'key-1') =>
  through(
    startFlow(null),
    { type: 'chosen', ref: 'main' },
    { type: 'reviewed', sha, reviewed, key, inputs: {}, freezeIds: [] },
  )

const typed = (flow: Flow, text: string) => flowReducer(flow, { type: 'typed', text })

function sent(flow: Flow) {
  const request = requestToSend(flow, surface)
  if (request === null) throw new Error('expected something to send')
  return { request, flow: flowReducer(flow, { type: 'sent', request }) }
}

describe('the way to a deploy', () => {
  test('leads from choosing through the review to the confirmation, and nothing skips the review', () => {
    const chosen = flowReducer(startFlow(null), { type: 'chosen', ref: 'main' })
    expect(chosen.step).toBe('review')
    expect(
      flowReducer(startFlow(null), { type: 'reviewed', sha, reviewed, key: 'key-1', inputs: {}, freezeIds: [] }).step,
    ).toBe('choose')
    expect(atConfirm().step).toBe('confirm')
  })

  test('starts at the review if the address names a ref', () => {
    expect(startFlow('v1.2.3')).toMatchObject({ step: 'review', draft: { ref: 'v1.2.3' } })
  })

  test('steps back without losing the input', () => {
    const flow = through(
      typed(atConfirm(), 'cons'),
      { type: 'reasoned', text: 'hotfix' },
      { type: 'back' },
      { type: 'back' },
      { type: 'chosen', ref: 'main' },
    )
    expect(flow).toMatchObject({ step: 'review', draft: { ref: 'main', typed: 'cons', reason: 'hotfix' } })
  })

  test('requires the name again after another ref was chosen', () => {
    const flow = through(
      typed(atConfirm(), 'console'),
      { type: 'back' },
      { type: 'back' },
      { type: 'chosen', ref: 'release' },
    )
    expect(flow.draft).toMatchObject({ ref: 'release', typed: '' })
  })
})

describe('the request that pressing Deploy sends', () => {
  test.each(['', 'consol', 'Console', 'con sole', 'console-staging'])(
    'is nothing while "%s" is typed instead of the confirmation phrase',
    (text) => {
      expect(requestToSend(typed(atConfirm(), text), surface)).toBeNull()
    },
  )

  test('is the reviewed commit, the typed name, the idempotency key, and a reason if there is one', () => {
    const flow = typed(atConfirm(), 'console')
    expect(requestToSend(flow, surface)).toEqual({
      surfaceId: 'console',
      ref: 'main',
      confirmation: 'console',
      expectedSha: sha,
      reviewedRunningSha: 'a'.repeat(40),
      basis: BASIS,
      idempotencyKey: 'key-1',
    })
    const reasoned = flowReducer(flow, { type: 'reasoned', text: '  hotfix ' })
    expect(requestToSend(reasoned, surface)).toMatchObject({ reason: 'hotfix' })
  })

  test('records that no running version was known, if the review said so', () => {
    const chosen = flowReducer(startFlow(null), { type: 'chosen', ref: 'main' })
    const unknown: FlowAction = {
      type: 'reviewed',
      sha,
      reviewed: { ...reviewed, runningSha: null },
      key: 'k',
      inputs: {},
      freezeIds: [],
    }
    expect(requestToSend(typed(flowReducer(chosen, unknown), 'console'), surface)).toMatchObject({
      reviewedRunningSha: 'unknown',
    })
  })

  test('sends what was filled in, and keeps it for a new review', () => {
    const review = through(
      startFlow(null),
      { type: 'chosen', ref: 'main' },
      { type: 'filled', name: 'dry_run', value: 'true' },
    )
    expect(review.draft.filled).toEqual({ dry_run: 'true' })
    const inputs = { dry_run: 'true', region: 'eu' }
    const confirm = flowReducer(review, { type: 'reviewed', sha, reviewed, key: 'key-1', inputs, freezeIds: [] })
    expect(requestToSend(typed(confirm, 'console'), surface)).toMatchObject({ inputs })
    expect(flowReducer(confirm, { type: 'back' }).draft.filled).toEqual({ dry_run: 'true' })
  })

  test('is nothing until every line of the checklist is ticked, and then names the lines as declared', () => {
    const checklist = ['Ask support', 'Try the migration']
    const review = flowReducer(startFlow(null), { type: 'chosen', ref: 'main' })
    const shown: FlowAction = {
      type: 'reviewed',
      sha,
      reviewed: { ...reviewed, checklist },
      key: 'key-1',
      inputs: {},
      freezeIds: [],
    }
    const tick = (line: string, isTicked = true): FlowAction => ({ type: 'ticked', line, isTicked })
    const confirm = typed(flowReducer(review, shown), 'console')
    expect(requestToSend(confirm, surface)).toBeNull()
    const one = flowReducer(confirm, tick('Try the migration'))
    expect(requestToSend(one, surface)).toBeNull()
    const both = flowReducer(one, tick('Ask support'))
    expect(requestToSend(both, surface)).toMatchObject({ checklist })
    expect(requestToSend(flowReducer(both, tick('Ask support', false)), surface)).toBeNull()
    const again = through(both, { type: 'back' }, shown)
    expect(again, 'a new review unticks the lines').toMatchObject({ step: 'confirm', ticked: [] })
  })

  test('needs no tick for a rollback, and needs them if the earlier commit is no rollback', () => {
    const rollback = { kind: 'rollback', deployId: 'x' } as const
    const returning = (adds: number) => {
      const comparison = { ...COMPARISON, adds, removes: 2 }
      const start = startFlow(sha, rollback)
      const seen = { ...reviewed, comparison, checklist: ['Ask support'] }
      return typed(
        flowReducer(start, { type: 'reviewed', sha, reviewed: seen, key: 'k', inputs: {}, freezeIds: [] }),
        'console',
      )
    }
    const back = requestToSend(returning(0), surface)
    expect(back).toMatchObject({ source: rollback })
    expect(back).not.toHaveProperty('checklist')
    expect(requestToSend(returning(1), surface)).toBeNull()
  })

  test('names no source if the comparison shows that the deploy is not a rollback or a promotion', () => {
    const rollback = { kind: 'rollback', deployId: 'x' } as const
    const promotion = { kind: 'promotion', surfaceId: 'console-staging' } as const
    const sourceSent = (source: DeploySource, adds: number, removes: number) => {
      const comparison = {
        kind: 'diverged',
        adds,
        removes,
        commits: [],
        removed: [],
        touching: null,
        url: 'https://x',
      } as const
      const action: FlowAction = {
        type: 'reviewed',
        sha,
        reviewed: { ...reviewed, comparison },
        key: 'k',
        inputs: {},
        freezeIds: [],
      }
      return requestToSend(typed(flowReducer(startFlow(sha, source), action), 'console'), surface)?.source
    }
    expect([sourceSent(rollback, 0, 2), sourceSent(rollback, 1, 2)]).toEqual([rollback, undefined])
    expect([sourceSent(promotion, 1, 2), sourceSent(promotion, 0, 2)]).toEqual([promotion, undefined])
  })

  test('overrides exactly the reviewed freezes, with the reason from the review, and none otherwise', () => {
    const review = through(
      startFlow(null),
      { type: 'chosen', ref: 'main' },
      { type: 'overriding', text: ' Fixes the outage ' },
    )
    const frozen = flowReducer(review, {
      type: 'reviewed',
      sha,
      reviewed,
      key: 'key-1',
      inputs: {},
      freezeIds: ['freeze-1'],
    })
    expect(requestToSend(typed(frozen, 'console'), surface)).toMatchObject({
      overrideFreeze: { reason: 'Fixes the outage', freezeIds: ['freeze-1'] },
    })
    const lifted = flowReducer(review, { type: 'reviewed', sha, reviewed, key: 'key-1', inputs: {}, freezeIds: [] })
    expect(requestToSend(typed(lifted, 'console'), surface)).not.toHaveProperty('overrideFreeze')
  })

  test('trims spaces around the name, which the server would refuse', () => {
    expect(requestToSend(typed(atConfirm(), ' console '), surface)).toMatchObject({ confirmation: 'console' })
  })

  test('is nothing while the first request is in progress', () => {
    expect(requestToSend(sent(typed(atConfirm(), 'console')).flow, surface)).toBeNull()
  })

  test.each([
    ['no answer arrived', unreachable],
    ['the console answered that it could not', broken],
  ])('is the very same request again, key included, after %s', (_, error) => {
    const first = sent(typed(atConfirm(), 'console'))
    const failed = flowReducer(first.flow, { type: 'failed', error, nextKey: 'key-2' })
    const second = sent(failed)
    expect(second.request).toEqual(first.request)
    const failedAgain = flowReducer(second.flow, { type: 'failed', error, nextKey: 'key-3' })
    expect(requestToSend(failedAgain, surface)).toEqual(first.request)
  })

  test('cannot change, and allows no new review, while the outcome of the last press is unknown', () => {
    const first = sent(typed(atConfirm(), 'console'))
    const failed = flowReducer(first.flow, { type: 'failed', error: unreachable, nextKey: 'key-2' })
    const tampered = through(
      failed,
      { type: 'typed', text: 'x' },
      { type: 'reasoned', text: 'other' },
      { type: 'back' },
    )
    expect(tampered).toEqual(failed)
  })

  test('is a new intent with a new key after a refusal, and the input is kept', () => {
    const flow = through(typed(atConfirm(), 'console'), { type: 'reasoned', text: 'hotfix' })
    const failed = flowReducer(sent(flow).flow, { type: 'failed', error: refused, nextKey: 'key-2' })
    expect(failed).toMatchObject({ draft: { typed: 'console', reason: 'hotfix' }, attempt: { refusal: refused } })
    expect(requestToSend(failed, surface)).toMatchObject({ idempotencyKey: 'key-2' })
  })

  test('needs a new review once the surface runs another commit, and the input is kept', () => {
    const flow = through(typed(atConfirm(), 'console'), { type: 'reasoned', text: 'hotfix' })
    const error: WireError = { kind: 'refused', appCode: 'running_changed', message: 'it runs b2b2b2b now' }
    const back = flowReducer(sent(flow).flow, { type: 'failed', error, nextKey: 'key-2' })
    expect(back).toEqual({ step: 'review', draft: { ...flow.draft, reason: 'hotfix' }, refusal: error })
    const anew = { ...reviewed, runningSha: 'c'.repeat(40) }
    const again = flowReducer(back, { type: 'reviewed', sha, reviewed: anew, key: 'key-3', inputs: {}, freezeIds: [] })
    expect(requestToSend(again, surface)).toMatchObject({
      confirmation: 'console',
      reason: 'hotfix',
      reviewedRunningSha: 'c'.repeat(40),
      idempotencyKey: 'key-3',
    })
  })

  test('ignores a late failure of a request that was not sent', () => {
    const flow = typed(atConfirm(), 'console')
    expect(flowReducer(flow, { type: 'failed', error: unreachable, nextKey: 'key-2' })).toEqual(flow)
  })
})
