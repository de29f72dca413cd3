import 'server-only'
import { setImmediate } from 'node:timers/promises'
import {
  dayOf,
  type Insights,
  type MeasureGroup,
  type MeasureSums,
  type Period,
  partsOf,
  periodStart,
  type ServiceSums,
  sumGroups,
} from '~/domain/insights'
import { isSameService, type ServiceMember } from '~/domain/surface/service'
import type { Deps } from '~/server/deps'
import { readFirstDeploys, readMeasures } from '~/server/insights/insights.sql'

interface InsightsQuery {
  readonly days: Period
  /** The id of a surface. */
  readonly surface?: string | undefined
  /** The id of a surface of the service. */
  readonly service?: string | undefined
}

interface SurfaceOfService extends ServiceMember {
  readonly id: string
  readonly name: string
  readonly environment: string
  readonly archivedAt: Date | null
}

const surfaceSelect = {
  ...{ id: true, name: true, environment: true, archivedAt: true },
  ...{ service: true, repository: true, workflow: true },
} as const

const DAY_MS = 86_400_000

/** The four measures of deploys to production, from the console's own record. An unknown surface or service gives none. */
export async function readInsights({ db, now }: Pick<Deps, 'db' | 'now'>, query: InsightsQuery): Promise<Insights> {
  const at = now()
  const from = periodStart(query.days, at)
  const surfaces: readonly SurfaceOfService[] = await db.surface.findMany({
    orderBy: [{ archivedAt: { sort: 'asc', nulls: 'first' } }, { position: 'asc' }, { id: 'asc' }],
    select: surfaceSelect,
  })
  const firstOf = (one: SurfaceOfService) => surfaces.find((other) => isSameService(other, one)) ?? one
  const withService = surfaces.map((surface) => ({ ...surface, first: firstOf(surface) }))
  const parts = partsOf(query.days, at)
  const only = surfacesInQuestion(surfaces, query)
  const [groups, firsts] = await Promise.all([
    readMeasures(db, { from, to: at, parts: parts.map((part) => new Date(part.from)), only }),
    readFirstDeploys(db, only ?? surfaces.map(({ id }) => id)),
  ])
  // A surface of another environment counts if something was deployed from it to production all the same.
  const measured = surfaces.filter(
    ({ id, environment }) => environment === 'production' || groups.some(({ surface }) => surface === id),
  )
  const began = firstOfAll(firsts, measured)
  const record = { firsts, from, at }
  return {
    total: { ...(await sumLater(groups)), recordedDays: daysOnRecord(record, measured) },
    parts: await mapInTurn(parts, async (part, index) => ({
      ...part,
      ...(await sumLater(groups.filter((group) => group.part === index))),
    })),
    services: await servicesOf(withService, groups, record),
    choices: choicesOf(withService),
    from: parts[0]?.from ?? '',
    recordedFrom: began === null || began <= from ? null : dayOf(began),
  }
}

/** The medians of many deploys take milliseconds. Between two, the server answers others. */
async function sumLater(groups: readonly MeasureGroup[]): Promise<MeasureSums> {
  await setImmediate()
  return sumGroups(groups)
}

async function mapInTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (const [index, item] of items.entries()) results.push(await work(item, index))
  return results
}

type WithService = SurfaceOfService & { readonly first: SurfaceOfService }

/** The services to which something was deployed, and their surfaces of which that is true. */
async function servicesOf(
  surfaces: readonly WithService[],
  groups: readonly MeasureGroup[],
  record: OnRecord,
): Promise<ServiceSums[]> {
  const used = surfaces
    .map((surface) => ({ surface, own: groups.filter((group) => group.surface === surface.id) }))
    .filter(({ own }) => own.length > 0)
  const services = [...new Set(used.map(({ surface }) => surface.first.id))]
  return mapInTurn(services, async (id) => {
    const members = used.filter(({ surface }) => surface.first.id === id)
    const sums = await mapInTurn(members, async ({ surface: { id: member, name, archivedAt }, own }) => ({
      ...{ id: member, name, archived: archivedAt !== null, recordedDays: daysOnRecord(record, [{ id: member }]) },
      ...(await sumLater(own)),
    }))
    const [single] = sums
    const whole = sums.length === 1 && single !== undefined ? single : await sumLater(members.flatMap(({ own }) => own))
    const { counts, leadTime, restoreTime } = whole
    const name = serviceName(surfaces.filter(({ first }) => first.id === id))
    const recordedDays = daysOnRecord(record, sums)
    return { id, name, surfaces: sums, counts, leadTime, restoreTime, recordedDays }
  })
}

/** Null: all of them. */
function surfacesInQuestion(
  surfaces: readonly SurfaceOfService[],
  { surface, service }: InsightsQuery,
): readonly string[] | null {
  if (surface === undefined && service === undefined) return null
  const one = surfaces.find(({ id }) => id === service)
  return surfaces
    .filter(({ id }) => surface === undefined || id === surface)
    .filter((other) => service === undefined || (one !== undefined && isSameService(other, one)))
    .map(({ id }) => id)
}

/** Lanes name a service the same way. */
const serviceName = (surfaces: readonly SurfaceOfService[]): string =>
  surfaces[0]?.service ??
  surfaces.find(({ environment }) => environment === 'production')?.name ??
  surfaces[0]?.name ??
  ''

function choicesOf(surfaces: readonly WithService[]) {
  const production = surfaces.filter(({ environment }) => environment === 'production')
  const services = surfaces.flatMap(({ id, first }) => {
    const own = surfaces.filter((other) => other.first.id === id)
    const isShared = first.id === id && own.filter(({ environment }) => environment === 'production').length > 1
    return isShared ? [{ id, name: serviceName(own) }] : []
  })
  return { surfaces: production.map(({ id, name }) => ({ id, name })), services }
}

interface OnRecord {
  /** The first deploy of each surface. */
  readonly firsts: ReadonlyMap<string, Date>
  readonly from: Date
  readonly at: Date
}

function firstOfAll(firsts: OnRecord['firsts'], surfaces: readonly { readonly id: string }[]): Date | null {
  const times = surfaces.flatMap(({ id }) => firsts.get(id)?.getTime() ?? [])
  return times.length === 0 ? null : new Date(Math.min(...times))
}

/** The time since the first of these surfaces has deploys on record, within the period. A rate of less than a day would be a guess. */
function daysOnRecord({ firsts, from, at }: OnRecord, surfaces: readonly { readonly id: string }[]): number {
  const since = Math.max(from.getTime(), firstOfAll(firsts, surfaces)?.getTime() ?? from.getTime())
  return Math.max(1, (at.getTime() - since) / DAY_MS)
}
