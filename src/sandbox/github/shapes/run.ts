import type { Commit } from '~/sandbox/git/commits'
import type { Repository } from '~/sandbox/git/repository'
import type { Urls } from '~/sandbox/github/api-deps'
import { minimalRepositoryShape, repositoryPage, repositoryUrl } from '~/sandbox/github/shapes/repository'
import { nodeIdOf, userByLogin } from '~/sandbox/github/shapes/user'
import type { RunRecord } from '~/sandbox/runs/run-record'

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
