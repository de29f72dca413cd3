import { expect, it } from 'vitest'
import { proofOfEvent } from '~/domain/audit/proof-of-event'

const at = '2026-11-21T10:00:00.000Z'
const proof = (action: string, payload: object, status: string | null = null, actor = 'ada@example.com') =>
  proofOfEvent({ action, payload, status, actor: actor })
const requested = { ref: 'main', sha: null, environment: 'staging', reason: null }
const review = { run_id: '1', run_attempt: 1, environment_id: '2', environment: 'eu', comment: 'x' }

it.each([
  ['a request of a person', 'person', () => proof('console.deploy.requested', requested, 'requested')],
  ['a request of a script', 'token', () => proof('console.deploy.requested', requested, 'requested', 'token:nightly')],
  [
    'a dispatch that GitHub accepted',
    'github_answer',
    () => proof('console.deploy.dispatched', { source: 'github', run_id: null }, 'dispatched'),
  ],
  [
    'a dispatch that a callback proved',
    'callback',
    () => proof('console.deploy.dispatched', { source: 'callback', run_id: null }, 'dispatched'),
  ],
  [
    'a callback',
    'callback',
    () => proof('console.deploy.callback', { webhook_id: 'w', from: 'dispatched' }, 'building'),
  ],
  [
    'a status from GitHub’s record',
    'github_record',
    () =>
      proof(
        'console.deploy.reconciled',
        { source: 'github', from: 'building', proof: 'job', occurred_at: at },
        'deploying',
      ),
  ],
  [
    'a version that the surface reported',
    'prober',
    () => proof('console.deploy.version_seen', { sha: 'a', seen_at: at }),
  ],
  ['an answer that GitHub did not give', 'console', () => proof('console.deploy.dispatch_unknown', { reason: 'x' })],
  [
    'a decision before GitHub is asked',
    'person',
    () => proof('console.deploy.gate_approved', { ...review, outcome: 'asked' }),
  ],
  [
    'a decision that GitHub took',
    'github_answer',
    () => proof('console.deploy.gate_approved', { ...review, outcome: 'accepted' }),
  ],
  [
    'a decision whose answer was lost',
    'console',
    () => proof('console.deploy.gate_approved', { ...review, outcome: 'unknown' }),
  ],
  ['an event of a newer version', null, () => proof('console.deploy.verified_by_ghosts', {})],
])('%s is known by its own proof', (_, expected, prove) => {
  expect(prove()).toBe(expected)
})
