import type { Repository } from '~/sandbox/git/repository'
import type { Urls } from '~/sandbox/github/api-deps'
import { repositoryUrl } from '~/sandbox/github/shapes/repository'
import { runPageUrl, runUrl } from '~/sandbox/github/shapes/run'
import { nodeIdOf } from '~/sandbox/github/shapes/user'
import type { JobRecord, RunRecord } from '~/sandbox/runs/run-record'

export const jobShape = (urls: Urls, repository: Repository, run: RunRecord, job: JobRecord) => {
  const api = repositoryUrl(urls, repository)
  const ran = job.steps.length > 0
  return {
    id: job.id,
    run_id: run.runId,
    workflow_name: run.workflow.name,
    head_branch: run.refName,
    run_url: runUrl(urls, repository, run.runId),
    run_attempt: run.attempt,
    node_id: nodeIdOf('CR_', job.id),
    head_sha: run.sha,
    url: `${api}/actions/jobs/${job.id}`,
    html_url: `${runPageUrl(urls, repository, run.runId)}/job/${job.id}`,
    status: job.status,
    conclusion: job.conclusion,
    created_at: job.createdAt ?? run.createdAt,
    // GitHub's schema wants a time also for a job that waits: it gives the time the job was created.
    started_at: job.startedAt ?? job.createdAt ?? run.createdAt,
    completed_at: job.completedAt,
    name: job.name,
    steps: job.steps.map((step) => ({
      name: step.name,
      status: step.status,
      conclusion: step.conclusion,
      number: step.number,
      started_at: step.startedAt,
      completed_at: step.completedAt,
    })),
    check_run_url: `${api}/check-runs/${job.id}`,
    labels: ['ubuntu-latest'],
    runner_id: ran ? 1 : null,
    runner_name: ran ? 'Sandbox runner 1' : null,
    runner_group_id: ran ? 0 : null,
    runner_group_name: ran ? 'GitHub Actions' : null,
  }
}
