import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '~/domain/errors'
import { readEvent } from '~/server/webhooks/read-event'
import { describesEvent } from '~test/support/github-description/description'

const EVENTS = [
  'workflow_run',
  'workflow_job',
  'deployment_review',
  'deployment_status',
  'push',
  'check_run',
  'check_suite',
  'status',
  'repository',
  'installation',
  'installation_repositories',
  'ping',
]

const full_name = 'Acme/Platform'
/** The members that the console reads of each event, with the action under which GitHub's description has them. */
const READ: readonly (readonly [event: string, described: string, payload: object])[] = [
  ['workflow_run', 'workflow-run-completed', { workflow_run: { id: 7, path: '.github/workflows/d.yml' } }],
  ['workflow_job', 'workflow-job-queued', { workflow_job: { run_id: 7 } }],
  ['deployment_review', 'deployment-review-requested', { workflow_run: { id: 7, path: '.github/workflows/d.yml' } }],
  ['deployment_status', 'deployment-status-created', { workflow_run: { id: 7, path: '.github/workflows/d.yml' } }],
  ['push', 'push', { ref: 'refs/heads/main' }],
  ['check_run', 'check-run-completed', {}],
  ['check_suite', 'check-suite-completed', {}],
  ['status', 'status', {}],
  ['repository', 'repository-renamed', { changes: { repository: { name: { from: 'old' } } } }],
  ['repository', 'repository-transferred', { changes: { owner: { from: { organization: { login: 'old' } } } } }],
  ['repository', 'repository-archived', {}],
  ['ping', 'ping', { hook: { events: ['push'] } }],
]

describe('an event of GitHub', () => {
  it.each(READ)(
    'named %s has the members that the console reads, as GitHub describes them (%s)',
    (event, name, payload) => {
      const whole = { ...payload, repository: { full_name } }
      expect(describesEvent(name, whole)).toBe(true)
      expect(readEvent(event, whole)?.repositories).toContain('acme/platform')
    },
  )
})

describe('the events that a webhook should send', () => {
  const ticked = readEvent('ping', { hook: { events: [] } })?.missing ?? []

  it('are those that docs/webhooks.md tells operators to select', () => {
    const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/webhooks.md'), 'utf8')
    const [, row = ''] = /^\| Events \| (.*) \|$/m.exec(page) ?? []
    const selected = [...row.matchAll(/`([a-z_]+)`/g)].map(([, event]) => event)
    expect(selected).toEqual(ticked)
  })

  it('are read, and compared with GitHub’s description', () => {
    expect(ticked.filter((event) => !READ.some(([compared]) => compared === event))).toEqual([])
  })
})

it('any payload under any name is read or refused as invalid input, and no other error is thrown', () => {
  const fragment = fc.constantFrom(
    { repository: { full_name } },
    { repository: null },
    { workflow_run: { id: 7, path: null } },
    { workflow_run: { id: -1 } },
    { workflow_job: { run_id: 2 ** 60 } },
    { changes: { owner: { from: {} }, repository: { name: { from: '../../x' } } } },
    { hook: { events: ['*'] } },
    { ref: '\u0000' },
    { repositories: [{ full_name }] },
  )
  const payload = fc.oneof(
    fc.json().map((text): unknown => JSON.parse(text)),
    fc.array(fragment).map((parts) => Object.assign({}, ...parts)),
  )
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...EVENTS), fc.string()), payload, (name, sent) => {
      try {
        const event = readEvent(name, sent)
        expect(event === null).toBe(!EVENTS.includes(name))
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        expect(error.code).toBe('invalid_input')
      }
    }),
    { numRuns: 2_000 },
  )
})
