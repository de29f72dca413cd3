import { describe, expect, test } from 'vitest'
import { notFrozen } from './callback-receiver'
import {
  consoleWorkflow,
  deploy,
  deployId,
  docsWorkflow,
  herokuWorkflow,
  hookToken,
  secret,
  statuses,
  statusPageWorkflow,
} from './deploy-run'

const gates = ['smoke_gate_started', 'smoke_gate_passed', 'freeze_check_started', 'freeze_check_passed']
const rest = ['building', 'building', 'deploying', 'succeeded']
const frozen = { ...notFrozen, frozen: true, kind: 'frozen', reason: 'Release week' }
const answer = (body: unknown) => ({ status: 200, body })

test.each([consoleWorkflow, docsWorkflow, herokuWorkflow, statusPageWorkflow])(
  '%s ships to production and reports every phase in order',
  async (...workflow) => {
    const [, , title, surface] = workflow
    const result = await deploy(workflow)
    expect(result.conclusion, result.log).toBe('success')
    expect(statuses(result.received)).toEqual([...gates, ...rest])
    expect(result.received.find(({ status }) => status === 'freeze_check_passed')?.log_line).toBe(
      'No freeze is in force.',
    )
    expect(result.surface).toEqual({ version: result.sha, deploys: 1 })
    expect(result.received.at(-1)).toMatchObject({
      deployed_sha: result.sha,
      run_id: '30433642001',
      run_attempt: 1,
      path: `POST /api/internal/deploys/${deployId}/status`,
    })
    expect(result.questions).toEqual([`/api/internal/freezes?surface=${surface}&deploy=${deployId}&run=30433642001`])
    expect(result.events[0]).toMatchObject({
      type: 'run-started',
      displayTitle: `${title} to production [${deployId}]`,
      jobs: [
        { id: 'smoke', needs: [] },
        { id: 'freeze-check', needs: ['smoke'] },
        { id: 'deploy', needs: ['smoke', 'freeze-check'] },
      ],
    })
    expect(result.log).not.toContain(secret)
    expect(result.log).not.toContain(hookToken)
  },
)

/** Every other path of a deploy workflow. The four differ only in what they ship (test/unit/runner/workflow-files.test.ts). */
describe('the paths of a deploy workflow', () => {
  const workflow = consoleWorkflow
  const [, , title, surface] = workflow

  test('a staging deploy skips the freeze check and ships, even while everything is frozen', async () => {
    const result = await deploy(workflow, {
      environment: 'staging',
      freeze: 'Incident 42',
      freezeAnswer: answer(frozen),
    })
    expect(result.jobs).toEqual(['smoke: success', 'freeze-check: skipped', 'deploy: success'])
    expect(statuses(result.received)).toEqual(['smoke_gate_started', 'smoke_gate_passed', ...rest])
    expect(result.questions).toEqual([])
  })

  test('a failed smoke gate stops the deploy with its reason, and nothing is deployed', async () => {
    const result = await deploy(workflow, { mood: { smokeProblem: 'The disk is "full"' } })
    expect(result.jobs).toEqual(['smoke: failure', 'freeze-check: skipped', 'deploy: skipped'])
    expect(result.conclusion).toBe('failure')
    expect(statuses(result.received)).toEqual(['smoke_gate_started', 'failed'])
    expect(result.received.at(-1)).toMatchObject({
      failure_stage: 'smoke_gate_failed',
      log_line: 'The surface is not ready: GET /smoke answered 503. The disk is "full"',
    })
    expect(result.surface.deploys).toBe(0)
  })

  test.each([
    ['by the repository variable', { freeze: 'Incident 42' }, 'Production is frozen: Incident 42'],
    ['by the console', { freezeAnswer: answer(frozen) }, 'Production is frozen: Release week'],
    [
      'by a lock in the console',
      { freezeAnswer: answer({ ...frozen, kind: 'locked', reason: 'Being migrated' }) },
      `${surface} is locked: Being migrated`,
    ],
  ])('a freeze %s stops the deploy with the reason, and nothing is deployed', async (_, scenario, words) => {
    const result = await deploy(workflow, scenario)
    expect(result.jobs).toEqual(['smoke: success', 'freeze-check: failure', 'deploy: skipped'])
    expect(statuses(result.received).slice(-2)).toEqual(['freeze_check_started', 'failed'])
    expect(result.received.at(-1)).toMatchObject({ failure_stage: 'freeze_check_failed', log_line: words })
    expect(result.surface.deploys).toBe(0)
  })

  test('an overridden freeze lets the deploy continue, and the log says so', async () => {
    const freezeAnswer = answer({ ...frozen, overridden: true, override_reason: 'Fixes the outage' })
    const result = await deploy(workflow, { freezeAnswer })
    expect(result.conclusion, result.log).toBe('success')
    expect(statuses(result.received)).toEqual([...gates, ...rest])
    expect(result.received.find(({ status }) => status === 'freeze_check_passed')?.log_line).toBe(
      'Frozen (Release week), and overridden for this deploy: Fixes the outage',
    )
  })

  test('a failed build fails the deploy, and nothing is deployed', async () => {
    const files = { '.github/actions/package-source/package-source.sh': 'echo "It does not compile."\nexit 1\n' }
    const result = await deploy(workflow, { files })
    expect(result.jobs).toEqual(['smoke: success', 'freeze-check: success', 'deploy: failure'])
    expect(statuses(result.received)).toEqual([...gates, 'building', 'failed'])
    expect(result.received.at(-1)).toMatchObject({
      failure_stage: 'build_failed',
      log_line: `Building ${result.sha} failed; nothing was deployed.`,
    })
    expect(result.surface.deploys).toBe(0)
  })

  test("a deploy that the platform refuses fails with the platform's message", async () => {
    const result = await deploy(workflow, { mood: { refusal: 'Out of quota' } })
    expect(result.jobs).toEqual(['smoke: success', 'freeze-check: success', 'deploy: failure'])
    expect(statuses(result.received)).toEqual([...gates, 'building', 'building', 'failed'])
    expect(result.received.at(-1)).toMatchObject({
      failure_stage: 'deploy_failed',
      log_line: `The platform refused ${result.sha.slice(0, 7)}: POST /deploy answered 503. {"reason":"Out of quota"}`,
    })
    expect(result.surface.deploys).toBe(0)
  })

  test('an unhealthy surface fails the health check with what was seen', async () => {
    const result = await deploy(workflow, { mood: { unhealthy: true } })
    expect(result.conclusion).toBe('failure')
    expect(statuses(result.received).slice(-2)).toEqual(['deploying', 'failed'])
    expect(result.received.at(-1)).toMatchObject({ failure_stage: 'health_check_failed' })
    expect(result.received.at(-1)?.log_line).toMatch(
      /^Not healthy with [0-9a-f]{7} after 1 s\. Last seen: GET \/health answered 503/,
    )
  })

  test('a deploy cancelled during the health check ends as cancelled and sends no more callbacks', async () => {
    const controller = new AbortController()
    const result = await deploy(workflow, {
      mood: { unhealthy: true },
      signal: controller.signal,
      watch: (event) => {
        if (event.type === 'log' && event.line.startsWith('GET /health answered')) controller.abort()
      },
    })
    expect(result.conclusion).toBe('cancelled')
    expect(result.jobs).toEqual(['smoke: success', 'freeze-check: success', 'deploy: cancelled'])
    expect(statuses(result.received).at(-1)).toBe('deploying')
  })

  describe('a run started by hand', () => {
    test('a run started by hand ships without callbacks after the console answered that nothing is frozen', async () => {
      const result = await deploy(workflow, { deployId: '' })
      expect(result.conclusion).toBe('success')
      expect(result.surface).toEqual({ version: result.sha, deploys: 1 })
      expect(result.received).toEqual([])
      expect(result.questions).toEqual([`/api/internal/freezes?surface=${surface}`])
      expect(result.events[0]).toMatchObject({ displayTitle: `${title} to production` })
    })

    test('a run started by hand ships without a configured console', async () => {
      const result = await deploy(workflow, { deployId: '', console: false })
      expect(result.conclusion).toBe('success')
      expect(result.surface.deploys).toBe(1)
    })

    test('a run started by hand ships with a warning if the console cannot answer', async () => {
      const result = await deploy(workflow, { deployId: '', freezeAnswer: { status: 404, body: { title: 'Gone' } } })
      expect(result.conclusion).toBe('success')
      expect(result.surface.deploys).toBe(1)
      expect(result.log).toContain('The console refused to say (404): Gone')
    })

    test('a run started by hand stops while the console answers that production is frozen', async () => {
      const result = await deploy(workflow, { deployId: '', freezeAnswer: answer(frozen) })
      expect(result.jobs).toEqual(['smoke: success', 'freeze-check: failure', 'deploy: skipped'])
      expect(result.received).toEqual([])
    })
  })
})
