import { z } from 'zod'
import { DEPLOY_KINDS } from '~/domain/deploy/approval'
import { FIND_FROM, type PastDeploy } from '~/domain/deploy/view'
import { environmentName, nameText, rangeEnd, rangeStart, storableText, surfaceId } from '~/domain/input'
import { MEASURE_NAMES } from '~/domain/insights'

export const OUTCOMES = ['running', 'succeeded', 'failed', 'timed_out', 'cancelled'] as const
export type DeployOutcome = (typeof OUTCOMES)[number]

const filters = {
  surface: surfaceId.optional(),
  environment: environmentName.optional(),
  /** Who asked: an e-mail address, or `token:<label>`. */
  person: storableText.min(1).max(200).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  kind: z.enum(DEPLOY_KINDS).optional(),
  /** A surface of the service. */
  service: surfaceId.optional(),
  /** What the deploy counts as on /insights. */
  measure: z.enum(MEASURE_NAMES).optional(),
}

/** The filters of the list, as its address and the export carry them. Times: `from` ≤ requested < `to`, UTC. */
export const deployFilter = z.object({ ...filters, from: rangeStart.optional(), to: rangeEnd.optional() })
export type DeployFilter = z.output<typeof deployFilter>

/** The names a filter has in an address, in the order they are shown. */
export const DEPLOY_FILTER_NAMES = deployFilter.keyof().options

/** What the palette looks for: the beginning of an id or a commit, or a part of a ref. */
export const findText = storableText.trim().min(FIND_FROM).max(255)

export const DEPLOY_EXPORT_FORMATS = ['csv', 'json'] as const
export type DeployExportFormat = (typeof DEPLOY_EXPORT_FORMATS)[number]

/** Query of `GET /api/deploys/export`. */
export const deployExportQuery = deployFilter.extend({ format: z.enum(DEPLOY_EXPORT_FORMATS) })

/** One deploy of the list. Its environment is that of the time of the request. */
export interface ListedDeploy extends PastDeploy {
  readonly surface: { readonly id: string; readonly name: string; readonly environment: string }
}

export interface DeployListPage {
  readonly deploys: readonly ListedDeploy[]
  /** Pass as `cursor` for older deploys; null when there are none. */
  readonly nextCursor: string | null
  /** Until when the page was searched, if its limit of rows ended the search; the older ones may match too. */
  readonly searchedTo: string | null
}

/** The values to filter by. */
export interface DeployFacets {
  readonly surfaces: readonly { readonly id: string; readonly name: string }[]
  readonly environments: readonly string[]
  readonly people: readonly string[]
}

const dayOrTime = z.union([z.iso.date(), z.iso.datetime({ offset: true })]).optional()

/** A filter as an address has it, with its days and times as text. */
export const savedFilter = z.strictObject({ ...filters, from: dayOrTime, to: dayOrTime })
export type SavedFilter = z.output<typeof savedFilter>

/** Input of `views.save`. The same name replaces the view. */
export const saveViewInput = z.object({ name: nameText.max(60), filter: savedFilter })

export interface SavedView {
  readonly id: string
  readonly name: string
  readonly filter: SavedFilter
}

export const VIEWS_AT_MOST = 50
