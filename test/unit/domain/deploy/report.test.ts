import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DeployAction, describeDeploy, type ReportFacts } from '~/domain/deploy/report'
import { PHASE_RECORDS, type RunFacts } from '~/domain/deploy/run-record'
import {
  DEPLOY_STATUSES,
  FAILURE_STAGES,
  isKnownStatus,
  isTerminal,
  openingOf,
  PHASES,
  TERMINAL_STATUSES,
} from '~/domain/deploy/status'

const at = '2026-11-28T10:00:00.000Z'
const SHA = 'a'.repeat(40)
const through = (...statuses: string[]) =>
  statuses.map((status) => ({ status, at, action: 'console.deploy.callback', implied: false }))
const record = (deploy: RunFacts['phases']['deploy'], more: Partial<RunFacts> = {}): RunFacts => ({
  seenAt: at,
  attempt: 1,
  over: true,
  conclusion: 'success',
  phases: { smoke_gate: 'started', freeze_check: 'not_run', deploy, health_check: 'not_run' },
  ...more,
})
const facts = (more: Partial<ReportFacts>): ReportFacts => ({
  status: 'failed',
  failureStage: null,
  transitions: through('requested', 'dispatched'),
  record: null,
  requestedAt: at,
  sha: SHA,
  reportedSha: null,
  runId: '7',
  lateRun: null,
  holdsSurface: false,
  released: false,
  absent: [],
  ...more,
})
/** The server's own conditions for each action, from the row of the deploy alone. */
const isFree = ({ status, released, holdsSurface }: ReportFacts) => (isTerminal(status) || released) && !holdsSurface
const isAdmitted = {
  roll_back: isFree,
  retry: isFree,
  deploy_again: isFree,
  cancel: ({ status }) => !isTerminal(status),
  give_up: ({ status, runId }) => runId === null && ['requested', 'dispatched'].includes(status),
  release: ({ status, released, holdsSurface }) =>
    isTerminal(status) ? holdsSurface : !isKnownStatus(status) && !released,
  open_run: ({ runId }) => runId !== null,
} as const satisfies Record<DeployAction, (facts: ReportFacts) => boolean>
const said = (more: Partial<ReportFacts>) => describeDeploy(facts(more)).sentences.join(' ')

describe('the report of a deploy', () => {
  it('does not fail a gate or deny the deploy after the workflow reported the deploy phase', () => {
    const report = describeDeploy(
      facts({
        failureStage: 'smoke_gate_failed',
        transitions: through('requested', 'dispatched', 'building', 'deploying', 'failed'),
      }),
    )
    expect(report.phases.map(({ state }) => state)).toEqual(['skipped', 'skipped', 'done', 'failed'])
    expect(report).toMatchObject({ shipped: 'yes', headline: 'Failed at Health check' })
    expect(report.sentences.join(' ')).toContain('The new version was deployed.')
    expect(report.sentences.join(' ')).toContain('contradicts what is on record')
  })

  it('does not take a reported failure of the smoke gate as proof that nothing was deployed', () => {
    const failed = { failureStage: 'smoke_gate_failed', transitions: through('requested', 'dispatched', 'failed') }
    expect(describeDeploy(facts(failed)).shipped).toBe('unknown')
    expect(describeDeploy(facts({ ...failed, record: record('not_run', { conclusion: 'failure' }) })).shipped).toBe(
      'no',
    )
    expect(said({ ...failed, record: record('not_run', { conclusion: 'failure' }) })).toBe(
      'Nothing was deployed: GitHub’s record shows that the deploy phase did not start.',
    )
  })

  it('says that GitHub may still start a run if the deploy timed out without one', () => {
    const report = describeDeploy(facts({ status: 'timed_out', runId: null, holdsSurface: true, transitions: [] }))
    expect(report.shipped).toBe('unknown')
    expect(report.sentences[0]).toBe(
      'Whether anything was deployed is unknown: no run was seen; GitHub may still start one.',
    )
    expect(report.actions[0]).toBe('release')
  })

  it('offers a rollback before a retry if the deploy may have shipped, and only a retry if it did not', () => {
    const failed = { transitions: through('requested', 'dispatched', 'building', 'failed') }
    expect(describeDeploy(facts(failed)).actions).toEqual(['roll_back', 'retry', 'open_run'])
    expect(describeDeploy(facts({ ...failed, record: record('not_run') })).actions).toEqual(['retry', 'open_run'])
  })

  it('offers no other deploy of a surface that the deploy holds', () => {
    const held = (status: string) => describeDeploy(facts({ status, holdsSurface: true })).actions
    for (const status of TERMINAL_STATUSES) expect([status, held(status)]).toEqual([status, ['release', 'open_run']])
  })

  it('says once that the surface is held, by which run, and what ends the hold', () => {
    const report = describeDeploy(facts({ holdsSurface: true, lateRun: { runId: '8', attempt: 1 } }))
    expect(report.hold).toBe(
      'The surface is held: run 8 is not proven to be over. Another deploy can start once that run is over, or once somebody releases the surface.',
    )
    expect(report.sentences.filter((sentence) => /held|holds/.test(sentence))).toEqual([report.hold])
    expect(describeDeploy(facts({ lateRun: { runId: '8', attempt: 1 } })).hold).toBeNull()
    expect(describeDeploy(facts({ runId: null, holdsSurface: true })).hold).toContain(
      'when a run of this deploy has been seen and has ended',
    )
  })

  it("calls a phase unknown after the end unless GitHub's record proves that it did not run", () => {
    const states = (more: Partial<ReportFacts>) => describeDeploy(facts(more)).phases.map(({ state }) => state)
    const failed = { failureStage: 'smoke_gate_failed', transitions: through('requested', 'dispatched', 'failed') }
    expect(states(failed)).toEqual(['failed', 'unknown', 'unknown', 'unknown'])
    expect(states({ ...failed, record: record('not_run') })).toEqual(['failed', 'pending', 'pending', 'pending'])
    const refused = { status: 'failed', at, action: 'console.deploy.dispatch_refused', implied: false }
    expect(states({ transitions: [refused] })).toEqual(['pending', 'pending', 'pending', 'pending'])
  })

  it('no longer says that nothing was deployed once the run was started again', () => {
    const ended = { transitions: through('requested', 'dispatched', 'failed'), record: record('not_run') }
    const lateRun = { runId: '7', attempt: 2 }
    expect(describeDeploy(facts({ ...ended, lateRun })).shipped).toBe('unknown')
    expect(said({ ...ended, lateRun, holdsSurface: true })).toContain('Run 7 was started again (attempt 2)')
    const shipped = describeDeploy(facts({ ...ended, lateRun, record: record('ended', { attempt: 2 }) }))
    expect(shipped).toMatchObject({ shipped: 'yes' })
    expect(shipped.sentences[0]).toBe('The new version was deployed.')
  })

  it("shows the health check as skipped if only the run's conclusion led to success", () => {
    const transitions = [
      ...through('requested', 'dispatched', 'building', 'deploying'),
      { status: 'succeeded', at, action: 'console.deploy.reconciled', implied: true },
    ]
    const states = (run: RunFacts) =>
      describeDeploy(facts({ status: 'succeeded', transitions, record: run })).phases.map(({ state }) => state)
    expect(states(record('ended'))).toEqual(['skipped', 'skipped', 'done', 'skipped'])
  })

  it('says which commit the surface reports, apart from what the deploy is proven to have shipped', () => {
    const failed = { transitions: through('requested', 'dispatched', 'failed') }
    const denied = { ...failed, record: record('not_run', { conclusion: 'failure' }) }
    expect(said({ ...failed, reportedSha: 'b'.repeat(40) })).toContain('The surface reports commit bbbbbbb.')
    expect(said({ ...failed, reportedSha: SHA })).toContain('The surface reports the commit of this deploy.')
    expect(said({ ...denied, reportedSha: SHA })).toContain(
      'This deploy shipped nothing, but the surface reports its commit.',
    )
  })

  it('keeps the four rules of docs/contract.md for any facts', () => {
    const status = fc.constantFrom(...DEPLOY_STATUSES, 'canary_started')
    const phase = fc.constantFrom(...PHASE_RECORDS)
    const anyRecord: fc.Arbitrary<RunFacts | null> = fc.option(
      fc.record({
        seenAt: fc.constant(at),
        attempt: fc.integer({ min: 1, max: 3 }),
        over: fc.boolean(),
        conclusion: fc.constantFrom(null, 'success', 'failure', 'cancelled', 'startup_failure'),
        phases: fc.record({ smoke_gate: phase, freeze_check: phase, deploy: phase, health_check: phase }),
      }),
    )
    const transition = fc.record({
      status,
      at: fc.constant(at),
      action: fc.constantFrom(
        'console.deploy.callback',
        'console.deploy.reconciled',
        'console.deploy.dispatch_refused',
      ),
      implied: fc.boolean(),
    })
    const anything = fc.record({
      status,
      failureStage: fc.option(fc.constantFrom<string>(...FAILURE_STAGES, 'canary_failed')),
      transitions: fc.array(transition, { maxLength: 8 }),
      record: anyRecord,
      requestedAt: fc.constant(at),
      sha: fc.option(fc.constant(SHA)),
      reportedSha: fc.option(fc.constantFrom(SHA, 'b'.repeat(40))),
      runId: fc.option(fc.constant('7')),
      lateRun: fc.option(fc.constant({ runId: '8', attempt: 1 })),
      holdsSurface: fc.boolean(),
      released: fc.boolean(),
      absent: fc.subarray(PHASES.map(({ key }) => key)),
    })
    fc.assert(
      fc.property(anything, (each) => {
        const report = describeDeploy(each)
        const states: string[] = report.phases.map(({ state }) => state)
        const stopped = states.indexOf(each.status)
        if (isTerminal(each.status) && each.status !== 'succeeded' && stopped >= 0) {
          expect(states.slice(stopped + 1), 'no phase is done after one that failed').not.toContain('done')
          expect(states.filter((state) => state === each.status)).toHaveLength(1)
        }
        const unreported = each.absent.filter(
          (key) => key !== 'health_check' && !each.transitions.some((one) => one.status === openingOf(key)),
        )
        const shown = report.phases.filter(({ key }) => unreported.includes(key)).map(({ state }) => state)
        expect(shown, 'no phase is done that the workflow does not have').not.toContain('done')
        const text = report.sentences.join(' ')
        const denied = text.includes('Nothing was deployed')
        expect(
          [text.includes('was deployed.'), denied, text.includes('is unknown')].filter(Boolean).length,
        ).toBeLessThanOrEqual(1)
        const inSteps = report.phases.find(({ key }) => key === 'deploy')?.state
        if (text.includes('is unknown')) expect(['unknown', each.status]).toContain(inSteps)
        expect(denied, 'nothing was deployed is said only if it is proven').toBe(report.shipped === 'no')
        if (denied) {
          const refused = each.transitions.some(({ action }) => action === 'console.deploy.dispatch_refused')
          expect(refused || (each.record?.over === true && each.record.phases.deploy === 'not_run')).toBe(true)
          expect(each.lateRun).toBeNull()
        }
        if (report.shipped === 'yes') {
          const reported = each.transitions.some(
            (one) => !one.implied && (one.status === 'deploying' || one.status === 'succeeded'),
          )
          expect(reported || each.record?.phases.deploy === 'ended').toBe(true)
        }
        if (each.lateRun !== null && isTerminal(each.status)) expect(text).toContain('Run 8')
        expect(report.actions.filter((action) => !isAdmitted[action](each))).toEqual([])
        expect(
          describeDeploy({ ...each, reportedSha: null }).shipped,
          'a reported version proves nothing about a deploy',
        ).toBe(report.shipped)
      }),
      { numRuns: 2_000 },
    )
  })
})
