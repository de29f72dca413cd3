import { describe, expect, it } from 'vitest'
import { absentPhases, type PhaseState, phasesOf } from '~/domain/deploy/phases'
import { DEPLOY_STATUSES, type DeployStatus, hasPosition, type PhaseKey } from '~/domain/deploy/status'

const history = (...statuses: string[]) =>
  statuses.map((status, index) => ({
    status,
    at: new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString(),
    action: 'console.deploy.callback',
    implied: false,
  }))

const states = (
  statuses: string[],
  failureStage: string | null = null,
  absent: readonly PhaseKey[] = [],
  transitions = history(...statuses),
): PhaseState[] =>
  phasesOf({ status: statuses.at(-1) ?? '', failureStage, transitions, record: null, absent }).map(({ state }) => state)

const upTo = (last: DeployStatus) => DEPLOY_STATUSES.filter(hasPosition).slice(0, DEPLOY_STATUSES.indexOf(last) + 1)

describe('the four phases', () => {
  it.each<[DeployStatus, PhaseState[]]>([
    ['requested', ['pending', 'pending', 'pending', 'pending']],
    ['dispatched', ['pending', 'pending', 'pending', 'pending']],
    ['smoke_gate_started', ['active', 'pending', 'pending', 'pending']],
    ['smoke_gate_passed', ['done', 'pending', 'pending', 'pending']],
    ['freeze_check_started', ['done', 'active', 'pending', 'pending']],
    ['freeze_check_passed', ['done', 'done', 'pending', 'pending']],
    ['building', ['done', 'done', 'active', 'pending']],
    ['deploying', ['done', 'done', 'done', 'active']],
    ['succeeded', ['done', 'done', 'done', 'done']],
  ])('have the states of the contract at %s', (status, expected) => {
    expect(states(upTo(status))).toEqual(expected)
  })

  it('show the freeze check as skipped on staging, where the workflow has none', () => {
    const staging = ['requested', 'dispatched', 'smoke_gate_started', 'smoke_gate_passed', 'building']
    expect(states(staging)).toEqual(['done', 'skipped', 'active', 'pending'])
    expect(states([...staging, 'deploying', 'succeeded'])).toEqual(['done', 'skipped', 'done', 'done'])
  })

  it('show both gates as skipped if the workflow reports neither', () => {
    expect(states(['requested', 'dispatched', 'building'])).toEqual(['skipped', 'skipped', 'active', 'pending'])
    expect(states(['requested', 'dispatched', 'building', 'deploying', 'succeeded'])).toEqual([
      'skipped',
      'skipped',
      'done',
      'done',
    ])
  })

  it.each(['failed', 'timed_out', 'cancelled'])('show the running phase as stopped if the deploy is %s', (stop) => {
    expect(states([...upTo('freeze_check_started'), stop])).toEqual(['done', stop, 'pending', 'pending'])
    expect(states([...upTo('deploying'), stop])).toEqual(['done', 'done', 'done', stop])
  })

  it('show the phase of the failure stage as failed, whatever was reported last', () => {
    expect(states([...upTo('dispatched'), 'failed'], 'smoke_gate_failed')[0]).toBe('failed')
    expect(states([...upTo('building'), 'failed'], 'health_check_failed')).toEqual(['done', 'done', 'done', 'failed'])
    expect(states([...upTo('smoke_gate_passed'), 'failed'], 'build_failed')).toEqual([
      'done',
      'skipped',
      'failed',
      'pending',
    ])
  })

  it('show no phase as failed if nothing happened after the dispatch, or the dispatch failed', () => {
    const nobody = ['pending', 'pending', 'pending', 'pending']
    expect(states(['requested', 'dispatched', 'timed_out'])).toEqual(nobody)
    expect(states(['requested', 'failed'], 'dispatch_failed')).toEqual(nobody)
  })

  it('show at most one phase as failed, even if the reports contradict each other', () => {
    const marked = (stage: string) =>
      states([...upTo('building'), 'failed'], stage).filter((state) => state === 'failed').length
    expect(marked('smoke_gate_failed')).toBe(1)
    expect(states([...upTo('building'), 'failed'], 'smoke_gate_failed')).toEqual(['done', 'done', 'failed', 'pending'])
    expect(marked('dispatch_failed')).toBe(0)
  })

  it('do not show a phase as stopped that had ended', () => {
    expect(states([...upTo('smoke_gate_passed'), 'cancelled'])).toEqual(['done', 'pending', 'pending', 'pending'])
  })

  it('stay as the last known status left them if the status is unknown', () => {
    expect(states([...upTo('building'), 'canary_started'])).toEqual(['done', 'done', 'active', 'pending'])
  })

  it('take their start and end times only from recorded events', () => {
    const [smoke, freeze] = phasesOf({
      status: 'freeze_check_started',
      failureStage: null,
      transitions: history(...upTo('freeze_check_started')),
      record: null,
      absent: [],
    })
    expect(smoke).toMatchObject({ startedAt: '2026-01-01T00:00:02.000Z', endedAt: '2026-01-01T00:00:03.000Z' })
    expect(freeze).toMatchObject({ startedAt: '2026-01-01T00:00:04.000Z', endedAt: null })
  })

  const gates = ['smoke_gate', 'freeze_check'] as const

  it.each<[string, string[], PhaseState[]]>([
    ['before its run begins', ['requested', 'dispatched'], ['absent', 'absent', 'pending', 'pending']],
    ['while it deploys', ['requested', 'dispatched', 'building'], ['absent', 'absent', 'active', 'pending']],
    [
      'after a success',
      ['requested', 'dispatched', 'building', 'deploying', 'succeeded'],
      ['absent', 'absent', 'done', 'done'],
    ],
    ['after a failure', ['requested', 'dispatched', 'building', 'failed'], ['absent', 'absent', 'failed', 'pending']],
  ])('show a phase that the declaration leaves out as absent %s', (_, statuses, expected) => {
    expect(states(statuses, null, gates)).toEqual(expected)
  })

  it('show a phase that the declaration leaves out if the workflow reports it', () => {
    expect(states(upTo('smoke_gate_started'), null, gates)).toEqual(['active', 'absent', 'pending', 'pending'])
    expect(states([...upTo('dispatched'), 'failed'], 'smoke_gate_failed', gates)[0]).toBe('failed')
  })

  it('do not show a gate with a failed job as done if the run then fails for no other known reason', () => {
    const through = (...statuses: string[]) =>
      history(...statuses).map((each) => ({ ...each, implied: each.status === 'smoke_gate_passed' }))
    const [running, failed] = [upTo('building'), [...upTo('building'), 'failed']].map((all) =>
      all.filter((status) => !status.startsWith('freeze')),
    )
    const shown = (statuses: string[] = [], stage: string | null = null) =>
      states(statuses, stage, [], through(...statuses))[0]
    expect(shown(running)).toBe('done')
    expect(shown(failed, 'deploy_failed')).toBe('done')
    const record = {
      ...{ seenAt: '2026-01-01T00:00:00Z', attempt: 1, over: true, conclusion: 'failure' },
      phases: { smoke_gate: 'started', freeze_check: 'not_run', deploy: 'ended', health_check: 'not_run' },
    } as const
    const facts = { status: 'failed', failureStage: null, transitions: through(...(failed ?? [])), record, absent: [] }
    expect(phasesOf(facts)[0]?.state).toBe('pending')
  })

  it('leave a health check that the workflow does not have neither passed nor failed when the run ends', () => {
    const ended = (...statuses: string[]) =>
      history(...statuses).map((each) => ({ ...each, action: 'console.deploy.reconciled' }))
    for (const last of ['succeeded', 'failed']) {
      const statuses = ['requested', 'dispatched', 'building', 'deploying', last]
      expect(states(statuses, null, ['health_check'], ended(...statuses)).at(-1)).toBe('absent')
    }
  })
})

it('only a declaration says that a workflow does not have a phase, and a probe is a health check', () => {
  const jobs = { smoke_gate: ['test'], deploy: ['ship'] }
  expect(absentPhases(null, false)).toEqual([])
  expect(absentPhases(jobs, false)).toEqual(['freeze_check', 'health_check'])
  expect(absentPhases(jobs, true)).toEqual(['freeze_check'])
})
