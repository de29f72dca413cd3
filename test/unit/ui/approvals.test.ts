import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { requesterWords } from '~/domain/actor'
import type { ApprovalView } from '~/domain/deploy/approval'
import { kindWords } from '~/domain/deploy/source'
import type { Review, ReviewWarning } from '~/domain/surface/review'
import { headline, standsInTheWay } from '~/ui/approvals/approval-words'
import { ReviewedFacts } from '~/ui/deploy-modal/approval/approval-screen'
import { readTarget, withTarget } from '~/ui/deploy-modal/frame/target'
import { flowReducer, requestToSend, startFlow } from '~/ui/deploy-modal/new-deploy/flow'
import { promotableTo } from '~/ui/deploy-modal/new-deploy/promote-choice'
import { ReviewWarnings } from '~/ui/deploy-modal/review/review-warnings'
import { BASIS, NO_CHECKS, tile } from './fixtures'

const SHA = 'a'.repeat(40)
const approval: ApprovalView = {
  id: '0193a0c0-0000-7000-8000-000000000001',
  state: 'waiting',
  surface: { id: 'api', name: 'API', environment: 'production' },
  repository: 'acme/platform',
  workflow: 'deploy.yml',
  kind: 'deploy',
  sourceId: null,
  ref: 'main',
  sha: SHA,
  expectedRunningSha: null,
  inputs: [],
  checklist: [],
  commitUrl: '',
  reason: null,
  overrideReason: null,
  overrideFreezeIds: [],
  requestedBy: 'ada',
  requestedByOwner: null,
  requestedAt: '2026-11-21T12:00:00.000Z',
  expiresAt: '2026-11-21T13:00:00.000Z',
  decision: null,
  deployId: null,
  yours: false,
  decidable: true,
}
const decision = { by: 'grace', at: '2026-11-21T12:10:00.000Z', reason: null }
const frozen = { kind: 'frozen', text: 'Production is frozen.', blocking: true } as const

describe('the words for an approval', () => {
  it.each([
    ['waiting', null, 'Waiting for approval by another person'],
    ['granted', decision, 'Approved by grace'],
    ['refused', decision, 'Refused by grace: nothing was deployed'],
    ['withdrawn', decision, 'Withdrawn by grace: nothing was deployed'],
    ['expired', { ...decision, by: 'console' }, 'Expired: nobody approved it in time, nothing was deployed'],
  ] as const)('say what happened in the state %s', (state, made, words) => {
    expect(headline({ state, decision: made })).toBe(words)
  })

  it('name a token with its owner, and a person alone', () => {
    expect(requesterWords(approval)).toBe('ada')
    const byToken = { requestedBy: 'token:ci', requestedByOwner: 'ada@example.com' }
    expect(requesterWords(byToken)).toBe('token:ci of ada@example.com')
  })

  it('name a promotion and its source', () => {
    expect(kindWords(approval)).toBeNull()
    expect(kindWords({ kind: 'promotion', sourceId: 'api-staging' })).toBe('Promotion from api-staging')
  })
})

it('the approver sees the same review warnings as the requester', () => {
  const warnings: ReviewWarning[] = [frozen, { kind: 'checks_red', text: 'A check failed.', blocking: false }]
  const onFollow = () => undefined
  const commit = { ref: 'main', sha: SHA, head: null, runningSha: null, comparison: null }
  const review: Review = {
    ...commit,
    surfaceId: 'api',
    warnings,
    pulls: [],
    pullsComplete: true,
    checks: NO_CHECKS,
    freezeIds: ['f'],
    asked: [],
    workflowRef: null,
    checklist: [],
    basis: BASIS,
  }
  expect(renderToStaticMarkup(createElement(ReviewedFacts, { review, tile: undefined, onFollow }))).toContain(
    renderToStaticMarkup(createElement(ReviewWarnings, { warnings, onFollow })),
  )
})

describe('the reason why a request cannot be approved now', () => {
  const review = { sha: SHA, runningSha: null, freezeIds: [], warnings: [] }
  it('is none while the facts are unchanged', () => {
    expect(standsInTheWay(approval, review)).toBeNull()
  })

  it('is a ref that moved, with both commits', () => {
    expect(standsInTheWay(approval, { ...review, sha: 'b'.repeat(40) })).toMatch(/aaaaaaa.*bbbbbbb/)
  })

  it('is a surface that runs another commit than at the review, if the request recorded one', () => {
    const asked = { ...approval, expectedRunningSha: 'b'.repeat(40) }
    expect(standsInTheWay(asked, { ...review, runningSha: 'b'.repeat(40) })).toBeNull()
    for (const runningSha of [null, 'c'.repeat(40)]) {
      expect(standsInTheWay(asked, { ...review, runningSha })).toMatch(
        /runs a different commit than when approval was requested/,
      )
    }
    expect(standsInTheWay(approval, { ...review, runningSha: 'c'.repeat(40) })).toBeNull()
  })

  it('is a running deploy before everything else', () => {
    const busy = { kind: 'busy', text: 'ada is deploying main.', blocking: true } as const
    expect(standsInTheWay(approval, { ...review, freezeIds: ['f'], warnings: [frozen, busy] })).toBe(busy.text)
  })

  it('is a freeze, unless the request overrides exactly that freeze', () => {
    const held = { ...review, freezeIds: ['f'], warnings: [frozen] }
    expect(standsInTheWay(approval, held)).toBe(frozen.text)
    expect(standsInTheWay({ ...approval, overrideFreezeIds: ['f'] }, held)).toBeNull()
    const later = { ...held, freezeIds: ['f', 'g'] }
    expect(standsInTheWay({ ...approval, overrideFreezeIds: ['f'] }, later)).toBe(frozen.text)
  })

  it('is DEPLOY_FREEZE in the repository, whatever the request overrides', () => {
    const variable = { kind: 'deploy_freeze', text: 'Production is frozen by DEPLOY_FREEZE.', blocking: true } as const
    const held = { ...review, freezeIds: ['f'], warnings: [frozen, variable] }
    expect(standsInTheWay({ ...approval, overrideFreezeIds: ['f'] }, held)).toBe(variable.text)
  })
})

describe('the address', () => {
  it.each([
    { kind: 'approval', approvalId: '42' },
    { kind: 'new', surfaceId: 'api', ref: SHA, source: { kind: 'rollback', deployId: '7' } },
    { kind: 'new', surfaceId: 'api', ref: SHA, source: { kind: 'promotion', surfaceId: 'api-staging' } },
  ] as const)('of $kind reads back as the same target', (target) => {
    const search = withTarget('?lang=en', target)
    expect(readTarget(new URLSearchParams(search))).toEqual(target)
    expect(withTarget(search, null)).toBe('?lang=en')
  })
})

describe('the source of a commit', () => {
  const source = { kind: 'rollback', deployId: '7' } as const
  it('is sent with the request, and forgotten once another ref is chosen', () => {
    const facts = { runningSha: null, comparison: null, pulls: [], checklist: [], basis: BASIS }
    const reviewed = { type: 'reviewed', sha: SHA, reviewed: facts, key: 'key-1', freezeIds: [], inputs: {} } as const
    const typed = { type: 'typed', text: 'api' } as const
    const sent = (ref: string) => {
      const back = flowReducer(startFlow(SHA, source), { type: 'back' })
      const steps = [{ type: 'chosen', ref } as const, { ...reviewed, freezeIds: [] }, typed]
      return requestToSend(steps.reduce(flowReducer, back), { id: 'api', confirm: 'api' })
    }
    expect(sent(SHA)).toMatchObject({ ref: SHA, source })
    expect(sent('main')).not.toHaveProperty('source')
  })

  it('can be a surface of the same service in another environment that runs another commit, for production only', () => {
    const version = (sha: string) => ({
      sha,
      tag: null,
      url: '',
      seenAt: '',
      behindBy: null,
      aheadBy: null,
      comparedAt: null,
      shippedHere: true,
    })
    const production = tile('api', { version: version('b'.repeat(40)) })
    const staging = tile('api-staging', { environment: 'staging', version: version(SHA) })
    const others = [
      tile('docs-staging', { environment: 'staging', version: version(SHA), workflow: 'docs.yml' }),
      tile('silent-staging', { environment: 'staging' }),
      tile('same-staging', { environment: 'staging', version: production.version }),
    ]
    expect(promotableTo(production, [production, staging, ...others]).map(({ id }) => id)).toEqual(['api-staging'])
    expect(promotableTo(staging, [production, staging])).toEqual([])
    const named = [production, ...others].map((each) => ({ ...each, service: 'api' }))
    expect(promotableTo(named[0], [...named, staging]).map(({ id }) => id)).toEqual(['docs-staging'])
  })

  it('is not offered for a promotion that is behind the running version', () => {
    const counted = (sha: string, behindBy: number | null, aheadBy: number | null) => ({
      version: { sha, tag: null, url: '', seenAt: '', behindBy, aheadBy, comparedAt: '', shippedHere: true },
    })
    const production = tile('api', counted('b'.repeat(40), 3, 0))
    const promotable = (behindBy: number | null, aheadBy: number | null) =>
      promotableTo(production, [tile('api-staging', { environment: 'staging', ...counted(SHA, behindBy, aheadBy) })])
    expect(
      [promotable(9, 0), promotable(0, 0), promotable(9, 1), promotable(null, null)].map(({ length }) => length),
    ).toEqual([0, 1, 1, 1])
  })
})
