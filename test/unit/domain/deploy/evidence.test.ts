import { describe, expect, it } from 'vitest'
import { evidenceBeyond, factsOf, type JobRecord, type RunRecord, type StepRecord } from '~/domain/deploy/evidence'
import { DEPLOY_STATUSES, type DeployStatus, isTerminal } from '~/domain/deploy/status'

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
  createdAt: time(0),
  updatedAt: time(59),
  startedAt: time(0),
  attempt: 1,
  jobs,
  complete: true,
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
    ['cancelled', ['smoke_gate_started', 'smoke_gate_passed', 'cancelled']],
    ['timed_out', ['smoke_gate_started', 'smoke_gate_passed', 'timed_out']],
    ['failure', ['smoke_gate_started', 'smoke_gate_passed', 'failed']],
    ['startup_failure', ['smoke_gate_started', 'smoke_gate_passed', 'failed']],
  ])('ends the deploy as the run concluded: %s', (conclusion, expected) => {
    expect(statuses('dispatched', run([smoke], conclusion))).toEqual(expected)
  })

  it('ends a successful run as succeeded where a job of the deploy phase executed', () => {
    const deployed = job('deploy', 3, [step('Build'), step('Deploy'), step('Health check')])
    expect(statuses('dispatched', run([deployed], 'success'))).toEqual(['building', 'deploying', 'succeeded'])
    expect(statuses('smoke_gate_started', run([deployed], 'success'))).toEqual([
      'smoke_gate_passed',
      'building',
      'deploying',
      'succeeded',
    ])
    expect(statuses('deploying', run([], 'success')), 'the workflow had reported the deploy phase').toEqual([
      'succeeded',
    ])
  })

  it.each([
    ['of which every job was skipped', [job('smoke', 1, [], 'skipped'), job('deploy', 2, [], 'skipped')]],
    ['without a job', []],
    ['whose deploy job was skipped after the smoke gate', [smoke, job('deploy', 2, [], 'skipped')]],
    ['whose deploy job has no steps', [smoke, job('deploy', 2, [])]],
    ['whose deploy job skipped every step', [smoke, job('deploy', 2, [step('Deploy', 'skipped')])]],
    ['of jobs that belong to none of the phases', [job('lint', 1, [step('Run the linter')])]],
  ])('ends a successful run %s as failed, without deploying', (_, jobs) => {
    const last = evidenceBeyond('dispatched', run(jobs, 'success')).at(-1)
    expect(last).toMatchObject({ status: 'failed', failureStage: null, proof: 'the run ended without deploying' })
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

  it.each(
    DEPLOY_STATUSES.filter((status) => !isTerminal(status)).flatMap((from) =>
      ['success', 'failure', 'cancelled', 'timed_out', 'startup_failure', 'neutral'].map((conclusion) => ({
        from,
        conclusion,
      })),
    ),
  )('of a run that concluded $conclusion always ends a deploy at $from, even without a job to show', (row) => {
    const last = statuses(row.from, run([], row.conclusion)).at(-1)
    expect(last !== undefined && isTerminal(last)).toBe(true)
  })

  it.each([
    [
      'not_run',
      'GitHub lists every job and none of the phase ran',
      run([smoke, job('deploy', 2, [], 'skipped')], 'success'),
    ],
    ['not_run', 'GitHub could not start the run', run([], 'startup_failure')],
    ['unknown', 'the run is still going on', run([smoke])],
    ['unknown', 'not every job was read', { ...run([smoke], 'success'), complete: false }],
    [
      'unknown',
      'a job ran that belongs to none of the phases',
      run([smoke, job('lint', 2, [step('Run the linter')])], 'success'),
    ],
    ['unknown', 'no job is listed', run([], 'success')],
    [
      'started',
      'its job failed before the health check',
      run([job('deploy', 2, [step('Deploy', 'failure')], 'failure')], 'failure'),
    ],
    ['started', 'only what is shipped was built', run([job('build', 2, [step('Compile')])], 'success')],
    [
      'ended',
      'the health check after it failed',
      run([job('deploy', 2, [step('Deploy'), step('Health check', 'failure')], 'failure')], 'failure'),
    ],
    ['ended', 'its job succeeded', run([job('deploy', 2, [step('Deploy')])], 'success')],
  ] as const)('says of the deploy phase %s where %s', (expected, _, record) => {
    expect(factsOf(record, new Date(0)).phases.deploy).toBe(expected)
  })

  it('names no stage when no job failed', () => {
    expect(evidenceBeyond('dispatched', run([], 'failure')).at(-1)).toMatchObject({ failureStage: null })
  })
})
