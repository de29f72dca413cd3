import { executeRun } from '~/sandbox/runner/execute-run'
import type { Conclusion, RunEvent, RunRequest } from '~/sandbox/runner/types'
import { type TestRepository, temporaryDirectory } from './git-repository'

type Settings = Partial<RunRequest> & { readonly workflowText: string }

export function runRequest(repository: Pick<TestRepository, 'gitDir' | 'sha'>, settings: Settings): RunRequest {
  return {
    runId: 30_433_642_001,
    runNumber: 7,
    runAttempt: 1,
    workflowPath: '.github/workflows/test.yml',
    event: { name: 'workflow_dispatch', inputs: {} },
    actor: 'octocat',
    repository: { owner: 'acme', name: 'platform', gitDir: repository.gitDir },
    sha: repository.sha,
    refName: 'main',
    secrets: {},
    vars: { repository: {}, environments: {} },
    serverUrl: 'http://127.0.0.1:1',
    apiUrl: 'http://127.0.0.1:1/api/v3',
    workDir: temporaryDirectory(),
    ...settings,
  }
}

export interface FinishedRun {
  readonly conclusion: Conclusion
  readonly events: readonly RunEvent[]
  /** `job: conclusion`, in the order in which the jobs ended. */
  readonly jobs: readonly string[]
  readonly log: string
  /** Names of a job's steps with their conclusions, without the first and last, which are GitHub's own. */
  readonly steps: (job: string) => readonly string[]
}

export async function run(
  request: RunRequest,
  watch: (event: RunEvent) => void = () => undefined,
  signal: AbortSignal = new AbortController().signal,
): Promise<FinishedRun> {
  const events: RunEvent[] = []
  const conclusion = await executeRun(
    request,
    (event) => {
      events.push(event)
      watch(event)
    },
    signal,
  )
  return {
    conclusion,
    events,
    jobs: events.flatMap((event) => (event.type === 'job-completed' ? [`${event.job}: ${event.conclusion}`] : [])),
    log: events.flatMap((event) => (event.type === 'log' ? [event.line] : [])).join('\n'),
    steps: (job) => {
      const names = events.flatMap((event) => (event.type === 'job-started' && event.job === job ? event.steps : []))
      const ended = events.flatMap((event) =>
        event.type === 'step-completed' && event.job === job ? [`${names[event.step]}: ${event.conclusion}`] : [],
      )
      return ended.slice(1, -1)
    },
  }
}
