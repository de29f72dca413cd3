import type { Repository } from '~/sandbox/git/repository'
import { missingPage } from '~/sandbox/html/layout'
import { type Answer, seeOther, text } from '~/sandbox/http/answer'
import type { Request, Route } from '~/sandbox/http/router'
import { commitPage, comparePage } from '~/sandbox/pages/commit-pages'
import { type ControlPageDeps, controlPage } from '~/sandbox/pages/control-page'
import { runPage } from '~/sandbox/pages/run-page'
import { findJob } from '~/sandbox/runs/run-store'

const RUN = '/acme/platform/actions/runs/:run'

interface PageDeps extends ControlPageDeps {
  readonly repository: Repository
}

const showRun = (deps: PageDeps, request: Request): Answer => {
  const run = deps.store.find(Number(request.param('run')))
  return run ? runPage(deps, deps.store, run) : missingPage(deps, `There is no run ${request.param('run')}.`)
}

const showLog = (deps: PageDeps, request: Request): Answer => {
  const found = findJob(deps.store, Number(request.param('job')))
  if (!found) return missingPage(deps, `There is no job ${request.param('job')}.`)
  const lines = deps.store.readLog(found.run, found.job.id)
  return text(200, lines.map(({ at, line }) => `${at} ${line}\n`).join(''), { 'x-content-type-options': 'nosniff' })
}

/** The pages, at the addresses that the API gives as `html_url`. */
export const pageRoutes = (deps: PageDeps): Route[] => [
  { method: 'GET', pattern: '/', handle: () => controlPage(deps) },
  { method: 'GET', pattern: '/acme/platform', handle: () => seeOther('/') },
  { method: 'GET', pattern: RUN, handle: (request) => showRun(deps, request) },
  { method: 'GET', pattern: `${RUN}/job/:job/log`, handle: (request) => showLog(deps, request) },
  {
    method: 'GET',
    pattern: `${RUN}/job/:job`,
    handle: (request) => seeOther(`/acme/platform/actions/runs/${request.param('run')}#job-${request.param('job')}`),
  },
  {
    method: 'GET',
    pattern: '/acme/platform/commit/:sha',
    handle: (request) => commitPage(deps, deps.repository, request.param('sha')),
  },
  {
    method: 'GET',
    pattern: '/acme/platform/compare/:basehead+',
    handle: (request) => comparePage(deps, deps.repository, request.param('basehead')),
  },
]
