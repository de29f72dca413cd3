import { describe, expect, it } from 'vitest'
import type { DeployStatus } from '~/domain/deploy-status'
import { evidenceBeyond, type JobRecord, type RunRecord, type StepRecord } from '~/domain/run-evidence'

const time = (minute: number) => `2026-11-21T10:${String(minute).padStart(2, '0')}:00Z`
const step = (name: string, conclusion: string | null = 'success'): StepRecord => ({
  name,
  status: conclusion === null ? 'in_progress' : 'completed',
  conclusion,
  startedAt: null,
})
const job = (name: string, minute: number, steps: StepRecord[], conclusion: string | null = 'success'): JobRecord => ({
  name,
  conclusion,
  startedAt: time(minute),
  completedAt: null,
  steps,
})
const run = (jobs: JobRecord[], conclusion: string | null = null): RunRecord => ({
  status: conclusion === null ? 'in_progress' : 'completed',
  conclusion,
  updatedAt: time(59),
  jobs,
})
const statuses = (from: DeployStatus, record: RunRecord) => evidenceBeyond(from, record).map(({ status }) => status)

const smoke = job('smoke', 1, [
  step('Notify — smoke gate started'),
  step('Smoke gate'),
  step('Notify — smoke gate passed'),
])
const freeze = job('freeze-check', 2, [step('Notify — freeze check started'), step('Notify — freeze check passed')])
const building = job('deploy', 3, [step('Notify — building', null)], null)

describe('what GitHub’s record of a run proves', () => {
  it('fills a gap in order, from where the deploy stands to where the run is', () => {
    expect(statuses('smoke_gate_started', run([building, freeze, smoke]))).toEqual([
      'smoke_gate_passed',
      'freeze_check_started',
      'freeze_check_passed',
      'building',
    ])
  })

  it('is nothing that the deploy has passed already', () => {
    expect(statuses('building', run([smoke, freeze, building]))).toEqual([])
    expect(statuses('succeeded', run([smoke], 'failure'))).toEqual([])
  })

  it('does not count a notify step that was skipped or is still waiting', () => {
    const waiting = job('smoke', 1, [{ ...step('Notify — smoke gate started'), status: 'queued', conclusion: null }])
    const skipped = job('smoke', 1, [step('Notify — smoke gate started', 'skipped')])
    expect(statuses('dispatched', run([waiting]))).toEqual([])
    expect(statuses('dispatched', run([skipped]))).toEqual([])
  })

  it.each([
    ['success', ['smoke_gate_started', 'smoke_gate_passed', 'building', 'deploying', 'succeeded']],
    ['cancelled', ['smoke_gate_started', 'smoke_gate_passed', 'cancelled']],
    ['timed_out', ['smoke_gate_started', 'smoke_gate_passed', 'timed_out']],
    ['failure', ['smoke_gate_started', 'smoke_gate_passed', 'failed']],
    ['startup_failure', ['smoke_gate_started', 'smoke_gate_passed', 'failed']],
  ])('ends the deploy as the run concluded: %s', (conclusion, expected) => {
    expect(statuses('dispatched', run([smoke], conclusion))).toEqual(expected)
  })

  it.each([
    ['smoke', 'Smoke gate', 'smoke_gate_failed'],
    ['freeze-check', 'Freeze check', 'freeze_check_failed'],
    ['deploy', 'Build', 'build_failed'],
    ['deploy', 'Deploy', 'deploy_failed'],
    ['deploy', 'Health check', 'health_check_failed'],
  ])('names the stage from the failed job %s and step %s', (jobName, stepName, stage) => {
    const failed = run([job(jobName, 1, [step(stepName, 'failure')], 'failure')], 'failure')
    expect(evidenceBeyond('dispatched', failed).at(-1)).toMatchObject({ status: 'failed', failureStage: stage })
  })

  it('names no stage when no job failed', () => {
    expect(evidenceBeyond('dispatched', run([], 'failure')).at(-1)).toMatchObject({ failureStage: null })
  })
})

it('a run proves the dispatch: a deploy still at requested is taken through dispatched first', () => {
  const run = { status: 'completed', conclusion: 'success', updatedAt: '2026-11-21T10:05:00Z', jobs: [] }
  expect(evidenceBeyond('requested', run).map(({ status }) => status)).toEqual([
    'dispatched',
    'building',
    'deploying',
    'succeeded',
  ])
})
