import { describe, expect, it } from 'vitest'
import { evidenceBeyond } from '~/domain/deploy/evidence'
import { factsOf, type JobRecord, type RunRecord, type StepRecord } from '~/domain/deploy/run-record'
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
  phaseJobs: null,
  headSha: null,
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

describe("the statuses that GitHub's record of a run proves", () => {
  it("fill a gap in order, from the deploy's status to the run's", () => {
    expect(statuses('smoke_gate_started', run([building, freeze, smoke]))).toEqual([
      'smoke_gate_passed',
      'freeze_check_started',
      'freeze_check_passed',
      'building',
    ])
  })

  it('include nothing that the deploy has passed already', () => {
    expect(statuses('building', run([smoke, freeze, building]))).toEqual([])
    expect(statuses('succeeded', run([smoke], 'failure'))).toEqual([])
  })

  it('do not include a notify step that was skipped or waits', () => {
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
  ])('end the deploy as the run concluded: %s', (conclusion, expected) => {
    expect(statuses('dispatched', run([smoke], conclusion))).toEqual(expected)
  })

  it('end a successful run as succeeded if a job of the deploy phase ran', () => {
    const deployed = job('deploy', 3, [step('Build'), step('Deploy'), step('Health check')])
    expect(statuses('dispatched', run([deployed], 'success'))).toEqual(['building', 'deploying', 'succeeded'])
    expect(statuses('smoke_gate_started', run([deployed], 'success'))).toEqual([
      'smoke_gate_passed',
      'building',
      'deploying',
      'succeeded',
    ])
    expect(statuses('deploying', run([], 'success')), 'the workflow reported the deploy phase before').toEqual([
      'succeeded',
    ])
  })

  it.each([
    ['with every job skipped', [job('smoke', 1, [], 'skipped'), job('deploy', 2, [], 'skipped')]],
    ['with the deploy job skipped after the smoke gate', [smoke, job('deploy', 2, [], 'skipped')]],
    ['with a deploy job without steps', [smoke, job('deploy', 2, [])]],
    ['with a deploy job that skipped every step', [smoke, job('deploy', 2, [step('Deploy', 'skipped')])]],
  ])('end a successful run %s as failed, without deploying', (_, jobs) => {
    const last = evidenceBeyond('dispatched', run(jobs, 'success')).at(-1)
    expect(last).toMatchObject({ status: 'failed', failureStage: null, proof: 'the run ended without deploying' })
  })

  it.each([
    ['without jobs', []],
    ['with jobs of no phase only', [job('lint', 1, [step('Run the linter')])]],
  ])('end a successful run %s as failed, without a claim that it did not deploy', (_, jobs) => {
    const last = evidenceBeyond('dispatched', run(jobs, 'success')).at(-1)
    const proof = 'the run succeeded, but none of its jobs is known to be the deploy phase'
    expect(last).toMatchObject({ status: 'failed', failureStage: null, proof })
  })

  it('end a successful run with a build alone as failed, without a claim that a job failed', () => {
    const last = evidenceBeyond('dispatched', run([job('build', 1, [step('Compile')])], 'success')).at(-1)
    const proof = 'the run succeeded, but GitHub’s record does not show that its deploy phase ended'
    expect(last).toMatchObject({ status: 'failed', failureStage: null, proof })
  })

  it.each([
    ['smoke', 'Smoke gate', 'smoke_gate_failed'],
    ['freeze-check', 'Freeze check', 'freeze_check_failed'],
    ['deploy', 'Build', 'build_failed'],
    ['deploy', 'Deploy', 'deploy_failed'],
    ['deploy', 'Health check', 'health_check_failed'],
  ])('name the failure stage of the failed job %s and step %s', (jobName, stepName, stage) => {
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
  )('end a deploy at $from if the run concluded $conclusion, even without jobs', (row) => {
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
    ['unknown', 'the run is in progress', run([smoke])],
    ['unknown', 'not every job was read', { ...run([smoke], 'success'), complete: false }],
    ['unknown', 'a job of no phase ran', run([smoke, job('lint', 2, [step('Run the linter')])], 'success')],
    ['unknown', 'no job is listed', run([], 'success')],
    [
      'started',
      'its job failed before the health check',
      run([job('deploy', 2, [step('Deploy', 'failure')], 'failure')], 'failure'),
    ],
    ['started', 'only a build ran', run([job('build', 2, [step('Compile')])], 'success')],
    [
      'started',
      'one of its legs failed',
      run(
        [job('deploy (eu)', 2, [step('Deploy')]), job('deploy (us)', 2, [step('Deploy', 'failure')], 'failure')],
        'failure',
      ),
    ],
    [
      'started',
      'one of its legs came to its health check, and another failed before',
      run(
        [
          job('deploy (eu)', 2, [step('Deploy'), step('Health check')]),
          job('deploy (us)', 2, [step('Deploy', 'failure'), step('Health check', 'skipped')], 'failure'),
        ],
        'failure',
      ),
    ],
    [
      'ended',
      'one of its legs was skipped',
      run([job('deploy (eu)', 2, [step('Deploy')]), job('deploy (us)', 2, [], 'skipped')], 'success'),
    ],
    [
      'unknown',
      'only release-please ran, which may only have opened a pull request',
      run([job('release-please', 2, [step('Run')])], 'success'),
    ],
    [
      'ended',
      'the later health check failed',
      run([job('deploy', 2, [step('Deploy'), step('Health check', 'failure')], 'failure')], 'failure'),
    ],
    ['ended', 'its job succeeded', run([job('deploy', 2, [step('Deploy')])], 'success')],
  ] as const)('record the deploy phase as %s if %s', (expected, _, record) => {
    expect(factsOf(record, new Date(0)).phases.deploy).toBe(expected)
  })

  it('name no failure stage if no job failed', () => {
    expect(evidenceBeyond('dispatched', run([], 'failure')).at(-1)).toMatchObject({ failureStage: null })
  })
})

describe('the phases that a surface declares', () => {
  const phaseJobs = {
    smoke_gate: ['test (*)', 'checks / *'],
    deploy: ['ship (*)'],
    health_check: ['after / Look at it'],
  }
  const declared = (jobs: JobRecord[], conclusion: string | null = null, complete = true): RunRecord => ({
    ...run(jobs, conclusion),
    phaseJobs,
    complete,
  })
  const done = (name: string, minute: number) => job(name, minute, [step('Work')])
  const busy = (name: string, minute: number) => job(name, minute, [step('Work', null)], null)
  const broken = (name: string, minute: number) => job(name, minute, [step('Work', 'failure')], 'failure')
  const skipped = (name: string) => job(name, 1, [], 'skipped')
  const tested = [done('test (20)', 1), done('test (24)', 1), done('checks / lint', 2)]
  const looked = job('after', 5, [step('Set up job'), step('Look at it')])

  it('open with their first job, and close when all their jobs have ended and a later phase has begun', () => {
    expect(statuses('dispatched', declared([busy('test (20)', 1)]))).toEqual(['smoke_gate_started'])
    expect(statuses('dispatched', declared(tested)), 'further jobs may still appear').toEqual(['smoke_gate_started'])
    expect(statuses('dispatched', declared([...tested, busy('ship (eu)', 3)]))).toEqual([
      'smoke_gate_started',
      'smoke_gate_passed',
      'building',
    ])
    const halfway = [...tested, done('ship (eu)', 3), busy('ship (us)', 3)]
    expect(statuses('building', declared(halfway))).toEqual([])
    const [passed] = evidenceBeyond('smoke_gate_started', declared([...tested, busy('ship (eu)', 3)]))
    expect(passed).toMatchObject({ status: 'smoke_gate_passed', proof: '“test (20)” ended' })
  })

  it('close a gate with a failed job when a later phase begins all the same, without proof that the gate passed', () => {
    const failed = [broken('test (20)', 1), done('test (24)', 1), done('checks / lint', 2)]
    expect(statuses('dispatched', declared(failed)), 'the run may end with it').toEqual(['smoke_gate_started'])
    const tolerated = declared([...failed, busy('ship (eu)', 3)])
    expect(statuses('dispatched', tolerated)).toEqual(['smoke_gate_started', 'smoke_gate_passed', 'building'])
    expect(evidenceBeyond('smoke_gate_started', tolerated)[0]).toMatchObject({
      proof: '“test (20)” failed, and a later phase began all the same',
      implied: true,
    })
    const waits = declared([
      broken('test (20)', 1),
      busy('test (24)', 1),
      done('checks / lint', 2),
      busy('ship (eu)', 3),
    ])
    expect(statuses('dispatched', waits), 'another of its jobs goes on').toEqual(['smoke_gate_started'])
    const halfway = declared([...tested, broken('ship (eu)', 3), busy('after', 4)])
    expect(statuses('building', halfway), 'a deploy phase with a failed job').toEqual([])
  })

  it('succeed with a run in which every job of the deploy phase succeeded', () => {
    const all = [...tested, done('ship (eu)', 3), done('ship (us)', 4), looked]
    expect(statuses('dispatched', declared(all, 'success')).at(-1)).toBe('succeeded')
    expect(factsOf(declared(all, 'success'), new Date(0)).phases).toEqual({
      smoke_gate: 'ended',
      freeze_check: 'not_run',
      deploy: 'ended',
      health_check: 'ended',
    })
  })

  it('do not end while the run goes on, since GitHub lists no jobs that wait for others', () => {
    const { phases } = factsOf(declared([...tested, done('ship (eu)', 3)]), new Date(0))
    expect(phases).toMatchObject({ smoke_gate: 'started', deploy: 'started', health_check: 'unknown' })
  })

  it.each([
    [
      'a failed job that the run tolerates',
      [done('ship (eu)', 3), broken('ship (us)', 3)],
      'not every job of its deploy phase',
    ],
    ['only skipped jobs', [skipped('ship (eu)'), skipped('ship (us)')], 'ended without deploying'],
    ['no job that matches', [done('Ship it', 3)], 'none of its jobs is known'],
  ])('do not succeed with %s', (_, jobs, proof) => {
    expect(evidenceBeyond('dispatched', declared(jobs, 'success')).at(-1)).toMatchObject({
      status: 'failed',
      proof: expect.stringContaining(proof),
    })
  })

  it('count a skipped leg of a matrix as no part of the phase', () => {
    const { phases } = factsOf(declared([done('ship (eu)', 3), skipped('ship (us)')], 'success'), new Date(0))
    expect(phases.deploy).toBe('ended')
  })

  it.each([
    ['a matrix', ['ship (*)'], 'ship'],
    ['a matrix with a name of its own', ['Ship to *'], `Ship to \${{ matrix.region }}`],
    ['a leg of such a matrix', ['Ship to eu'], `Ship to \${{ matrix.region }}`],
    ['a step of a matrix', ['ship (*) / upload'], 'ship'],
    ['a call', ['ship / *'], 'ship'],
    ['a matrix of calls', ['ship (*) / * / upload'], 'ship'],
  ])('did not run if GitHub lists %s under the bare name of its skipped job', (_, deploy, name) => {
    const record = { ...declared([broken('test (20)', 1), skipped(name)], 'failure'), phaseJobs: { deploy } }
    expect(factsOf(record, new Date(0)).phases.deploy).toBe('not_run')
  })

  it.each([
    ['of another name', ['ship (*)'], [done('release', 3), skipped('notify')]],
    ['whose step may be meant, if another such job ran', ['* / upload'], [done('release', 3), skipped('notify')]],
    ['beside a pattern that matches nothing', ['ship', 'aply'], [done('apply', 3), skipped('ship')]],
  ])('are unknown after a skipped job %s', (_, deploy, jobs) => {
    const record = { ...declared(jobs, 'success'), phaseJobs: { deploy } }
    expect(factsOf(record, new Date(0)).phases.deploy).toBe('unknown')
  })

  it('are unknown if one of their steps was cancelled, because it may have been under way', () => {
    const steps = [step('Set up job'), step('Upload', 'cancelled'), step('Notify', 'skipped')]
    const cancelled = {
      ...declared([job('ship', 3, steps, 'cancelled')], 'cancelled'),
      phaseJobs: { deploy: ['ship / *'] },
    }
    const of = (deploy: string) => factsOf({ ...cancelled, phaseJobs: { deploy: [deploy] } }, new Date(0)).phases.deploy
    expect(of('ship / Upload')).toBe('unknown')
    expect(of('ship / Notify')).toBe('not_run')
  })

  it('close when a job of a later phase waits for a runner or a reviewer, since the jobs that it needs have ended', () => {
    const waiting = job('ship (eu)', 3, [], null)
    expect(statuses('dispatched', declared([...tested, waiting]))).toEqual(['smoke_gate_started', 'smoke_gate_passed'])
    const held = { ...phaseJobs, deploy: ['ship (*) / Upload'] }
    expect(statuses('smoke_gate_started', { ...declared([...tested, waiting]), phaseJobs: held })).toEqual([
      'smoke_gate_passed',
    ])
  })

  it('do not close while one of their jobs waits or is not listed yet', () => {
    const queued = job('test (24)', 1, [], null)
    const early = declared([done('test (20)', 1), queued, done('checks / lint', 1), busy('ship (eu)', 3)])
    expect(statuses('dispatched', early)).toEqual(['smoke_gate_started'])
    const unlisted = declared([done('test (20)', 1), busy('ship (eu)', 3)])
    expect(statuses('dispatched', unlisted), 'checks / * is not on record').toEqual(['smoke_gate_started'])
  })

  it('do not blame a gate that did not keep the deploy phase from running', () => {
    const tolerated = broken('test (24)', 1)
    const last = (jobs: JobRecord[]) => evidenceBeyond('dispatched', declared(jobs, 'failure')).at(-1)
    expect(last([tolerated, broken('ship (eu)', 3)])).toMatchObject({ failureStage: 'deploy_failed' })
    expect(last([tolerated, done('ship (eu)', 3)])).toMatchObject({ failureStage: null })
    expect(last([tolerated, skipped('ship')])).toMatchObject({ failureStage: 'smoke_gate_failed' })
  })

  it('prove nothing if not every job was read', () => {
    const { phases } = factsOf(declared([...tested, done('ship (eu)', 3)], 'success', false), new Date(0))
    expect(phases).toMatchObject({ deploy: 'started', freeze_check: 'unknown', health_check: 'unknown' })
  })

  it.each([
    ['test (24)', 'smoke_gate_failed'],
    ['ship (eu)', 'deploy_failed'],
    ['another', null],
  ])('name the failure stage by the declared phase of the failed job %s', (name, failureStage) => {
    expect(evidenceBeyond('dispatched', declared([broken(name, 1)], 'failure')).at(-1)).toMatchObject({
      status: 'failed',
      failureStage,
    })
  })

  it('are told by the declaration alone, not by names such as “deploy”, and a pattern is no regular expression', () => {
    const misleading = declared([done('deploy', 3), done('ship (eu) (2)', 3), done('shipX(eu)', 3)], 'success')
    expect(factsOf(misleading, new Date(0)).phases.deploy).toBe('ended')
    const other = { ...misleading, phaseJobs: { deploy: ['ship.(eu)', '(', 'dep+loy'] } }
    expect(factsOf(other, new Date(0)).phases.deploy).toBe('unknown')
  })
})
