import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Flow, type FlowAction, flowReducer, requestToSend, startFlow } from '~/ui/deploy-modal/new-deploy/flow'
import { draftText, readDraftText } from '~/ui/deploy-modal/new-deploy/kept-draft'
import { BASIS } from './fixtures'

const surface = { id: 'console', confirm: 'TYPED-NAME' }
const unreachable = { kind: 'unreachable', appCode: null, message: 'no answer' } as const

const commit = { sha: 'd'.repeat(40), title: 'Retry', author: 'ada', at: '2026-11-28T00:00:00.000Z', url: 'https://x' }
const reviewed = {
  runningSha: 'a'.repeat(40),
  comparison: {
    kind: 'diverged',
    adds: 1,
    removes: 1,
    commits: [commit],
    removed: [commit],
    touching: null,
    url: 'https://x',
  },
  pulls: [{ number: 7, title: 'Retry', author: 'ada', url: 'https://x', sha: 'd'.repeat(40) }],
  checklist: ['Ask support'],
  basis: BASIS,
} as const

const through = (...actions: readonly FlowAction[]) => actions.reduce(flowReducer, startFlow(null))
const typed: FlowAction = { type: 'typed', text: 'TYPED-NAME' }

const atConfirm = through(
  { type: 'chosen', ref: 'main' },
  { type: 'overriding', text: 'the outage' },
  { type: 'reviewed', sha: 'b'.repeat(40), reviewed, key: 'key-1', inputs: {}, freezeIds: ['freeze-1'] },
  { type: 'ticked', line: 'Ask support', isTicked: true },
  { type: 'reasoned', text: 'hotfix' },
)

function sendFrom(flow: Flow) {
  const request = requestToSend(flow, surface)
  if (request === null) throw new Error('expected something to send')
  return { request, flow: flowReducer(flow, { type: 'sent', request }) }
}

function reloaded(flow: Flow): Flow {
  const written = draftText(flow, null, 0)
  const kept = written === null ? null : readDraftText(written)
  if (kept === null) throw new Error('expected a draft')
  return kept.flow
}

const action = fc.oneof(
  fc.record({
    type: fc.constant('chosen' as const),
    ref: fc.constantFrom('main', 'v1.4.0'),
    source: fc.constant({ kind: 'promotion' as const, surfaceId: 'console-staging' }),
  }),
  fc.record({ type: fc.constant('overriding' as const), text: fc.string({ maxLength: 500 }) }),
  fc.record({
    type: fc.constant('filled' as const),
    name: fc.constantFrom('dry_run', 'region'),
    value: fc.string({ maxLength: 1_000 }),
  }),
  fc.record({
    type: fc.constant('reviewed' as const),
    sha: fc.constant('c'.repeat(40)),
    reviewed: fc.constant(reviewed),
    key: fc.uuid(),
    inputs: fc.dictionary(fc.constantFrom('dry_run', 'region'), fc.string()),
    freezeIds: fc.array(fc.uuid(), { maxLength: 3 }),
  }),
  fc.constant({ type: 'ticked' as const, line: 'Ask support', isTicked: true }),
  fc.constant(typed),
  fc.record({ type: fc.constant('reasoned' as const), text: fc.string({ maxLength: 500 }) }),
  fc.record({ type: fc.constant('failed' as const), error: fc.constant(unreachable), nextKey: fc.uuid() }),
  fc.constant({ type: 'back' as const }),
)

describe('a draft that is kept across a reload', () => {
  test('forgets the ticks of a checklist, except those of a request that was sent', () => {
    expect(reloaded(atConfirm)).toMatchObject({ step: 'confirm', ticked: [] })
    const { request, flow } = sendFrom(flowReducer(atConfirm, typed))
    expect(request).toMatchObject({ checklist: ['Ask support'] })
    const again = flowReducer(reloaded(flow), typed)
    expect(requestToSend(again, surface)).toEqual(request)
  })

  test('restores step, ref, source, reason, override and inputs, and never the typed name', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 12 }), (actions) => {
        const flow = through(...actions)
        const written = draftText(flow, null, 0)
        if (written === null) return
        expect(written).not.toContain('TYPED-NAME')
        const { typed: _, ...entered } = flow.draft
        const { step } = flow
        const inputs = step === 'confirm' ? { inputs: flow.inputs } : {}
        expect(readDraftText(written)?.flow).toMatchObject({ step, draft: { ...entered, typed: '' }, ...inputs })
      }),
    )
  })

  test('requests the same deploy with the same idempotency key once the name is typed and the lines are ticked again', () => {
    const before = requestToSend(flowReducer(atConfirm, typed), surface)
    expect(requestToSend(reloaded(atConfirm), surface)).toBeNull()
    const named = flowReducer(reloaded(atConfirm), typed)
    expect(requestToSend(named, surface)).toBeNull()
    const ticked = flowReducer(named, { type: 'ticked', line: 'Ask support', isTicked: true })
    expect(requestToSend(ticked, surface)).toEqual(before)
  })

  test.each([
    ['was in progress', (flow: Flow) => flow],
    ['got no answer', (flow: Flow) => flowReducer(flow, { type: 'failed', error: unreachable, nextKey: 'key-2' })],
  ])('whose request %s can only be sent again unchanged', (_, then) => {
    const first = sendFrom(flowReducer(atConfirm, typed))
    const after = reloaded(then(first.flow))
    const tampered = [{ type: 'reasoned', text: 'other' } as const, { type: 'back' } as const, typed].reduce(
      flowReducer,
      after,
    )
    expect(requestToSend(tampered, surface)).toEqual(first.request)
  })

  test('keeps the reviewed comparison, so that the confirmation lists the same commits', () => {
    expect(reloaded(atConfirm)).toMatchObject({ step: 'confirm', reviewed })
  })

  test.each(['comparison', 'basis'])(
    'is reviewed again before it is sent if it was stored without the %s, and is repeated unchanged if it had been sent',
    (missing) => {
      const ofEarlierVersion = (flow: Flow) => {
        const { flow: written, ...rest } = JSON.parse(draftText(flow, null, 0) ?? '')
        const { basis: _, ...compared } = written.reviewed
        const stored = missing === 'basis' ? { ...written, reviewed: compared } : { ...written, reviewed: undefined }
        return readDraftText(JSON.stringify({ ...rest, flow: stored }))?.flow
      }
      expect(ofEarlierVersion(atConfirm)).toMatchObject({ step: 'review', draft: { ref: 'main', reason: 'hotfix' } })
      const { request, flow } = sendFrom(flowReducer(atConfirm, typed))
      const after = ofEarlierVersion(flow)
      if (after === undefined) throw new Error('expected a draft')
      const { basis: _, ...compared } = request
      const { reviewedRunningSha: __, ...asItWas } = compared
      expect(requestToSend(flowReducer(after, typed), surface)).toEqual(missing === 'basis' ? compared : asItWas)
    },
  )

  test('is not stored before anything was chosen or typed', () => {
    expect(draftText(startFlow(null), null, 0)).toBeNull()
  })

  test('is ignored if this version of the console did not write it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readDraftText(text)).toBeNull()
      }),
    )
  })
})
