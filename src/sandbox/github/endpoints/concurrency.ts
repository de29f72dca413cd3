import { type ApiDeps, type ApiRequest, apiError, type Endpoint, notFound } from '~/sandbox/github/endpoint'
import { idOf } from '~/sandbox/github/endpoints/runs'
import { pageItems, pageOf } from '~/sandbox/github/pagination'
import { repositoryUrl } from '~/sandbox/github/shapes/repository'
import { runPageUrl, runUrl } from '~/sandbox/github/shapes/run'
import { type Answer, json } from '~/sandbox/http/answer'
import { groupKey, type RunRecord } from '~/sandbox/runs/run-record'

/** The runs that hold a group or wait for it, in the order in which they get it. */
const membersOf = ({ store }: ApiDeps, group: string): readonly RunRecord[] => {
  const open = store
    .latest()
    .filter(
      (run) => run.status !== 'completed' && run.concurrency && groupKey(run.concurrency.group) === groupKey(group),
    )
    .toReversed()
  const isPending = (run: RunRecord): boolean => run.status === 'pending'
  return [...open.filter((run) => !isPending(run)), ...open.filter(isPending)]
}

const groupUrl = ({ urls, repository }: ApiDeps, group: string): string =>
  `${repositoryUrl(urls, repository)}/actions/concurrency_groups/${encodeURIComponent(group)}`

const memberShape = ({ urls, repository }: ApiDeps, run: RunRecord) => ({
  run_id: run.runId,
  run_name: run.displayTitle,
  run_url: runUrl(urls, repository, run.runId),
  run_html_url: runPageUrl(urls, repository, run.runId),
  status: run.status === 'pending' ? 'pending' : 'in_progress',
})

const listGroups = (deps: ApiDeps, request: ApiRequest): Answer => {
  const groups = new Map<string, { readonly name: string; readonly holder: RunRecord | undefined }>()
  for (const run of deps.store.latest()) {
    if (run.status === 'completed' || !run.concurrency) continue
    const holder = membersOf(deps, run.concurrency.group).find(({ status }) => status !== 'pending')
    groups.set(groupKey(run.concurrency.group), { name: run.concurrency.group, holder })
  }
  const shapes = [...groups.values()].map(({ name, holder }) => ({
    group_name: name,
    group_url: groupUrl(deps, name),
    last_acquired_at: holder?.startedAt ?? null,
  }))
  return json(200, { total_count: shapes.length, concurrency_groups: pageItems(shapes, pageOf(request.query)) })
}

/** With `ahead_of_run`, only the runs that get the group before that run, and that run. */
const getGroup = (deps: ApiDeps, request: ApiRequest): Answer => {
  const name = request.param('group')
  const members = membersOf(deps, name)
  if (members.length === 0) return notFound()
  const ahead = request.query.get('ahead_of_run')
  const position = ahead === null ? members.length - 1 : members.findIndex(({ runId }) => runId === idOf(ahead))
  if (position < 0) return apiError(422, `The run ${ahead} is not in this concurrency group.`)
  return json(200, {
    group_name: name,
    group_url: groupUrl(deps, name),
    total_count: members.length,
    group_members: members.slice(0, position + 1).map((run) => memberShape(deps, run)),
  })
}

const listGroupsOfRun = (deps: ApiDeps, request: ApiRequest): Answer => {
  const run = deps.store.find(idOf(request.param('run')))
  if (run === undefined) return notFound()
  const group = run.concurrency?.group
  if (group === undefined) return json(200, { total_count: 0, concurrency_groups: [] })
  const position = membersOf(deps, group).findIndex(({ runId }) => runId === run.runId)
  const member = {
    ...memberShape(deps, run),
    position,
    position_url: `${groupUrl(deps, group)}?ahead_of_run=${run.runId}`,
  }
  const shape = { group_name: group, group_url: groupUrl(deps, group), group_members: position < 0 ? [] : [member] }
  return json(200, { total_count: 1, concurrency_groups: [shape] })
}

/** Added to GitHub's API in 2026. An Enterprise Server does not have these endpoints yet. */
export const concurrencyEndpoints = (deps: ApiDeps): Endpoint[] => [
  { method: 'GET', pattern: '/actions/concurrency_groups', handle: (request) => listGroups(deps, request) },
  { method: 'GET', pattern: '/actions/concurrency_groups/:group', handle: (request) => getGroup(deps, request) },
  {
    method: 'GET',
    pattern: '/actions/runs/:run/concurrency_groups',
    handle: (request) => listGroupsOfRun(deps, request),
  },
]
