import 'server-only'
import type {
  DeployExportFormat,
  DeployFacets,
  DeployFilter,
  DeployListPage,
  ListedDeploy,
} from '~/domain/deploy/deploy-list'
import { readTransitions } from '~/server/audit/append-audit'
import { findDeploysById, readRequesters, searchDeploys } from '~/server/deploys/read/deploy-list.sql'
import { pastDeploy, pastSelect } from '~/server/deploys/read/list-deploys'
import type { Deps } from '~/server/deps'
import { streamExport } from '~/server/platform/http/stream-export'

interface ListQuery {
  readonly filter: DeployFilter
  readonly cursor: string | null
  readonly limit: number
}

/** One page of all deploys, the newest first. A page may be short, or empty, although older deploys match: `searchedTo`. */
export async function listAllDeploys(deps: Pick<Deps, 'db'>, query: ListQuery): Promise<DeployListPage> {
  const { filter, cursor, limit } = query
  // One extra row tells whether there is another page.
  const { ids, searchedTo } = await searchDeploys(deps.db, { filter, before: cursor, limit: limit + 1 })
  const shown = ids.slice(0, limit)
  return {
    deploys: await readListed(deps, shown),
    nextCursor: (ids.length > limit ? shown.at(-1) : searchedTo?.id) ?? null,
    searchedTo: searchedTo?.requestedAt.toISOString() ?? null,
  }
}

const FOUND_AT_MOST = 6

/** The newest deploys whose id or commit begins with the text, or whose ref contains it. By id, all are searched; otherwise `searchedTo`. */
export async function findDeploys(
  { db }: Pick<Deps, 'db'>,
  text: string,
  searchedAtMost?: number,
): Promise<Pick<DeployListPage, 'deploys' | 'searchedTo'>> {
  const [byId, { ids, searchedTo }] = await Promise.all([
    findDeploysById(db, text, FOUND_AT_MOST),
    searchDeploys(db, { filter: {}, before: null, limit: FOUND_AT_MOST, text }, searchedAtMost),
  ])
  const newest = [...new Set([...byId, ...ids])].toSorted().toReversed().slice(0, FOUND_AT_MOST)
  return { deploys: await readListed({ db }, newest), searchedTo: searchedTo?.requestedAt.toISOString() ?? null }
}

const listedSelect = {
  ...pastSelect,
  environment: true,
  githubRunId: true,
  surface: { select: { id: true, name: true } },
} as const

async function readListed({ db }: Pick<Deps, 'db'>, ids: readonly string[]): Promise<ListedDeploy[]> {
  const [rows, transitions] = await Promise.all([
    db.deploy.findMany({ where: { id: { in: [...ids] } }, orderBy: { id: 'desc' }, select: listedSelect }),
    readTransitions(db, ids),
  ])
  return rows.map((row) => ({
    ...pastDeploy(row, transitions.get(row.id) ?? []),
    surface: { ...row.surface, environment: row.environment },
  }))
}

export async function listDeployFacets({ db }: Pick<Deps, 'db'>): Promise<DeployFacets> {
  const [surfaces, people] = await Promise.all([
    db.surface.findMany({ orderBy: { id: 'asc' }, select: { id: true, name: true, environment: true } }),
    readRequesters(db),
  ])
  const environments = [...new Set(surfaces.map(({ environment }) => environment))].toSorted()
  return { surfaces: surfaces.map(({ id, name }) => ({ id, name })), environments, people }
}

const EXPORT_PAGE = 500

const COLUMNS = [
  ...['id', 'requested_at', 'finished_at', 'surface', 'environment', 'kind', 'ref', 'sha', 'status', 'shipped'],
  ...['headline', 'requested_by', 'approved_by', 'reason', 'failure_detail'],
]

/** All deploys that match a filter, newest first, as a download. */
export const exportDeploys = (
  deps: Pick<Deps, 'db' | 'now' | 'logger'>,
  { filter, format }: { readonly filter: DeployFilter; readonly format: DeployExportFormat },
): Promise<Response> =>
  streamExport(deps, {
    name: 'deploys',
    format,
    columns: COLUMNS,
    valuesOf: ({ surface, ...deploy }: ListedDeploy) => [
      ...[deploy.id, deploy.requestedAt, deploy.finishedAt, surface.id, surface.environment, deploy.kind],
      ...[deploy.ref, deploy.sha, deploy.status, deploy.shipped, deploy.headline],
      ...[deploy.requestedBy, deploy.approvedBy, deploy.reason, deploy.failureDetail],
    ],
    readPage: async (cursor) => {
      const { deploys, nextCursor } = await listAllDeploys(deps, { filter, cursor, limit: EXPORT_PAGE })
      return { rows: deploys, nextCursor }
    },
  })
