import { fullNameOf, type Repository } from '~/sandbox/git/repository'
import { missingPage } from '~/sandbox/html/layout'
import { type Answer, seeOther, text } from '~/sandbox/http/answer'
import type { Request, Route } from '~/sandbox/http/router'
import { commitPage, comparePage } from '~/sandbox/pages/commit-pages'
import { type ControlPageDeps, controlPage } from '~/sandbox/pages/control-page'
import { runPage } from '~/sandbox/pages/run-page'
import { findJob, type RunStore, runsOf } from '~/sandbox/runs/run-store'

interface PageDeps extends ControlPageDeps {
  readonly repositories: readonly Repository[]
}

const showRun = (deps: PageDeps, store: RunStore, request: Request): Answer => {
  const run = store.find(Number(request.param('run')))
  return run ? runPage(deps, store, run) : missingPage(deps, `There is no run ${request.param('run')}.`)
}

const showLog = (deps: PageDeps, store: RunStore, request: Request): Answer => {
  const found = findJob(store, Number(request.param('job')))
  if (!found) return missingPage(deps, `There is no job ${request.param('job')}.`)
  const lines = store.readLog(found.run, found.job.id)
  return text(200, lines.map(({ at, line }) => `${at} ${line}\n`).join(''), { 'x-content-type-options': 'nosniff' })
}

const repositoryRoutes = (deps: PageDeps, repository: Repository): Route[] => {
  const base = `/${fullNameOf(repository)}`
  const run = `${base}/actions/runs/:run`
  const store = runsOf(deps.store, fullNameOf(repository))
  return [
    { method: 'GET', pattern: base, handle: () => seeOther('/') },
    { method: 'GET', pattern: run, handle: (request) => showRun(deps, store, request) },
    { method: 'GET', pattern: `${run}/job/:job/log`, handle: (request) => showLog(deps, store, request) },
    {
      method: 'GET',
      pattern: `${run}/job/:job`,
      handle: (request) => seeOther(`${base}/actions/runs/${request.param('run')}#job-${request.param('job')}`),
    },
    {
      method: 'GET',
      pattern: `${base}/commit/:sha`,
      handle: (request) => commitPage(deps, repository, request.param('sha')),
    },
    {
      method: 'GET',
      pattern: `${base}/compare/:basehead+`,
      handle: (request) => comparePage(deps, repository, request.param('basehead')),
    },
  ]
}

/** The pages, at the addresses that the API gives as `html_url`. */
export const pageRoutes = (deps: PageDeps): Route[] => [
  { method: 'GET', pattern: '/', handle: () => controlPage(deps) },
  ...deps.repositories.flatMap((repository) => repositoryRoutes(deps, repository)),
]
