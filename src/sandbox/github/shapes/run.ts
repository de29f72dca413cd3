import type { Commit } from '~/sandbox/git/commits'
import type { Repository } from '~/sandbox/git/repository'
import type { Urls } from '~/sandbox/github/endpoint'
import { minimalRepositoryShape, repositoryPage, repositoryUrl } from '~/sandbox/github/shapes/repository'
import { nodeIdOf, userByLogin } from '~/sandbox/github/shapes/user'
import type { JobRecord, RunRecord } from '~/sandbox/runs/run-record'

const headCommit = (commit: Commit) => ({
  id: commit.sha,
  tree_id: commit.tree,
  message: commit.message,
  timestamp: commit.committer.date,
  author: { name: commit.author.name, email: commit.author.email },
  committer: { name: commit.committer.name, email: commit.committer.email },
})

export const runUrl = (urls: Urls, repository: Repository, runId: number): string =>
  `${repositoryUrl(urls, repository)}/actions/runs/${runId}`

export const runPageUrl = (urls: Urls, repository: Repository, runId: number): string =>
  `${repositoryPage(urls, repository)}/actions/runs/${runId}`

export const runShape = (urls: Urls, repository: Repository, run: RunRecord, commit: Commit) => {
  const api = repositoryUrl(urls, repository)
  const url = runUrl(urls, repository, run.runId)
  const suite = run.runId + 31_000_000_000
  const actor = userByLogin(urls, run.actor)
  return {
    id: run.runId,
    name: run.workflow.name,
    node_id: nodeIdOf('WFR_', run.runId),
    head_branch: run.refName,
    head_sha: run.sha,
    path: run.workflow.path,
    display_title: run.displayTitle,
    run_number: run.runNumber,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: run.workflow.id,
    check_suite_id: suite,
    check_suite_node_id: nodeIdOf('CS_', suite),
    url,
    html_url: runPageUrl(urls, repository, run.runId),
    pull_requests: [],
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    actor,
    run_attempt: run.attempt,
    referenced_workflows: [],
    run_started_at: run.startedAt,
    triggering_actor: actor,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${api}/check-suites/${suite}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: run.attempt > 1 ? `${url}/attempts/${run.attempt - 1}` : null,
    workflow_url: `${api}/actions/workflows/${run.workflow.id}`,
    head_commit: headCommit(commit),
    repository: minimalRepositoryShape(urls, repository),
    head_repository: minimalRepositoryShape(urls, repository),
  }
}

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
    // GitHub's schema requires a time. A waiting job gets its creation time.
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
