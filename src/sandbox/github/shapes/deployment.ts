import { fullNameOf } from '~/sandbox/git/repository'
import type { ApiDeps } from '~/sandbox/github/endpoint'
import { repositoryPage, repositoryUrl } from '~/sandbox/github/shapes/repository'
import { nodeIdOf, userByLogin } from '~/sandbox/github/shapes/user'
import type { PendingDeployment } from '~/sandbox/runs/pending-deployments'
import type { RunRecord } from '~/sandbox/runs/run-record'
import { tokenOwner } from '~/sandbox/samples/people'
import { type Environment, environmentId } from '~/sandbox/state/environments'

type Needs = Pick<ApiDeps, 'urls' | 'repository'>

const linksOf = ({ urls, repository }: Needs, { name }: Environment) => {
  const id = environmentId(fullNameOf(repository), name)
  return {
    id,
    node_id: nodeIdOf('EN_', id),
    name,
    url: `${repositoryUrl(urls, repository)}/environments/${encodeURIComponent(name)}`,
    html_url: `${repositoryPage(urls, repository)}/deployments/activity_log?environments_filter=${encodeURIComponent(name)}`,
  }
}

/** The short form, in the history of reviews. */
export const environmentShape = (deps: Needs, environment: Environment) => ({
  ...linksOf(deps, environment),
  created_at: environment.createdAt,
  updated_at: environment.updatedAt,
})

export const reviewersShape = (deps: Needs, { reviewers }: Pick<Environment, 'reviewers'>) =>
  reviewers.map((login) => ({ type: 'User', reviewer: userByLogin(deps.urls, login) }))

/** An environment with its protection rules. */
export const protectedShape = (deps: Needs, environment: Environment) => {
  const shape = environmentShape(deps, environment)
  const rule = (offset: number, type: string) => ({
    id: shape.id + offset,
    node_id: nodeIdOf('GA_', shape.id + offset),
    type,
  })
  const reviewers = reviewersShape(deps, environment)
  return {
    ...shape,
    protection_rules: [
      ...(environment.waitTimer > 0 ? [{ ...rule(1, 'wait_timer'), wait_timer: environment.waitTimer }] : []),
      ...(reviewers.length > 0 ? [{ ...rule(2, 'required_reviewers'), prevent_self_review: false, reviewers }] : []),
    ],
    deployment_branch_policy: null,
  }
}

export const pendingShape = (deps: Needs, environment: Environment, since: string) => ({
  environment: linksOf(deps, environment),
  wait_timer: environment.waitTimer,
  wait_timer_started_at: environment.waitTimer > 0 ? since : null,
  current_user_can_approve: environment.reviewers.includes(tokenOwner.login),
  reviewers: reviewersShape(deps, environment),
})

/** GitHub's own record of a job that deploys to an environment. It has the id of the job here. */
export const deploymentShape = (
  { urls, repository }: Needs,
  run: RunRecord,
  { job, environment, since }: PendingDeployment,
) => {
  const id = run.jobs.find(({ key }) => key === job)?.id ?? run.runId
  const url = `${repositoryUrl(urls, repository)}/deployments/${id}`
  return {
    url,
    id,
    node_id: nodeIdOf('DE_', id),
    sha: run.sha,
    ref: run.refName,
    task: 'deploy',
    payload: {},
    original_environment: environment,
    environment,
    description: null,
    creator: userByLogin(urls, run.actor),
    created_at: since,
    updated_at: since,
    statuses_url: `${url}/statuses`,
    repository_url: repositoryUrl(urls, repository),
    transient_environment: false,
    production_environment: false,
  }
}
