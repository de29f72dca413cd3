import 'server-only'
import { isDeepStrictEqual } from 'node:util'
import { looksSecret } from '~/domain/deploy/asked-inputs'
import { isStrongEnough } from '~/domain/deploy/callback'
import { inSentence, withoutCredentials } from '~/domain/foreign-text'
import type { SurfaceDeclaration } from '~/server/surfaces/declare/declarations'

/** A declaration as it is stored. `callbacks` may be a word that a newer version wrote. */
export type StoredDeclaration = Omit<SurfaceDeclaration, 'callbacks'> & {
  readonly callbacks: string
  readonly archivedAt: Date | null
}

/** What applying surfaces.yaml changes. Everything in it can be shown: text is visible, and possible secrets are left out. */
export interface Difference {
  readonly changes: readonly SurfaceChange[]
  /** The surfaces of which only the place in the file differs. */
  readonly moved: readonly string[]
}

export interface SurfaceChange {
  readonly id: string
  readonly kind: 'added' | 'changed' | 'restored' | 'archived'
  readonly keys: readonly ChangedKey[]
  readonly weakenings: readonly Weakening[]
}

interface ChangedKey {
  /** As surfaces.yaml writes it, such as `dispatch.inputs.target`. */
  readonly key: string
  readonly before: string
  readonly after: string
}

/** A change that weakens protection. `key` is the name in surfaces.yaml. */
interface Weakening {
  readonly key: string
  readonly text: string
}

/** Compares the declared surfaces with the stored ones, in the order of the file. Surfaces that left the file come last. */
export function compareSurfaces(
  declared: readonly SurfaceDeclaration[],
  stored: ReadonlyMap<string, StoredDeclaration>,
): Difference {
  const changes: SurfaceChange[] = []
  const moved: string[] = []
  for (const surface of declared) {
    const { id } = surface
    const before = stored.get(id)
    if (before === undefined) {
      changes.push({ id, kind: 'added', keys: changedKeys(null, surface), weakenings: [] })
      continue
    }
    const keys = changedKeys(before, surface)
    const weakenings = weakeningsOf(before, surface)
    if (before.archivedAt !== null) changes.push({ id, kind: 'restored', keys, weakenings })
    else if (keys.length > 0) changes.push({ id, kind: 'changed', keys, weakenings })
    else if (before.position !== surface.position) moved.push(id)
  }
  const declaredIds = new Set(declared.map(({ id }) => id))
  for (const { id, archivedAt } of stored.values()) {
    if (archivedAt === null && !declaredIds.has(id)) changes.push({ id, kind: 'archived', keys: [], weakenings: [] })
  }
  return { changes, moved }
}

/** The sentences about weaker protections. */
export const explainWeakenings = ({ changes }: Difference): string[] =>
  changes.flatMap(({ id, weakenings }) => weakenings.map(({ text }) => `"${id}" in surfaces.yaml: ${text}`))

function weakeningsOf(before: StoredDeclaration, now: SurfaceDeclaration): readonly Weakening[] {
  const found: Weakening[] = []
  if (before.requiresApproval && !now.requiresApproval) {
    found.push({ key: 'approval', text: 'deploys no longer need the approval of another person.' })
  }
  if (before.environment === 'production' && now.environment !== 'production') {
    const text = `the surface moved from production to ${now.environment} and lost the protections of production.`
    found.push({ key: 'environment', text })
  }
  if (!isStrongEnough(now.callbacks, before.callbacks)) {
    found.push({ key: 'callbacks', text: 'callbacks of its deploys may carry a weaker proof.' })
  }
  if (before.onMoved === 'cancel' && now.onMoved === 'continue') {
    found.push({ key: 'dispatch.on_moved', text: 'a deploy goes on when its ref has moved since the review.' })
  }
  if (before.checklist.some((line) => !now.checklist.includes(line))) {
    found.push({ key: 'checklist', text: 'deploys no longer need every line of the checklist that was declared.' })
  }
  if (before.rollbackMode !== null && now.rollbackMode !== before.rollbackMode && now.rollbackMode !== 'auto') {
    const text =
      now.rollbackMode === null
        ? 'deploys are no longer watched for a surface that turns unhealthy.'
        : 'a surface that turns unhealthy is no longer rolled back by itself.'
    found.push({ key: 'rollback', text })
  }
  if (before.repositoryId !== null && now.repositoryId === null) {
    found.push({ key: 'repository_id', text: 'the repository number in GitHub’s token is no longer checked.' })
  }
  return found
}

type Written = Readonly<Record<string, unknown>>
type Declared = Omit<StoredDeclaration, 'archivedAt'>

/** How surfaces.yaml writes each part of a declaration. `null` stands for a key that is not set. */
const WRITTEN: {
  readonly [Part in Exclude<keyof SurfaceDeclaration, 'id' | 'position'>]: (value: Declared[Part]) => Written
} = {
  name: (name) => ({ name }),
  environment: (environment) => ({ environment }),
  repository: (repository) => ({ repository }),
  workflow: (workflow) => ({ workflow }),
  service: (service) => ({ service }),
  ref: (ref) => ({ ref }),
  url: (url) => ({ url }),
  healthUrl: (url) => ({ health_url: url }),
  confirm: (confirm) => ({ confirm }),
  timeoutMinutes: (minutes) => ({ timeout_minutes: minutes }),
  requiresApproval: (required) => ({ approval: required ? 'required' : 'none' }),
  approvalMinutes: (minutes) => ({ approval_minutes: minutes }),
  callbacks: (callbacks) => ({ callbacks }),
  repositoryId: (id) => ({ repository_id: id === null ? null : String(id) }),
  githubEnvironment: (name) => ({ github_environment: name }),
  onMoved: (onMoved) => ({
    'dispatch.from': onMoved === null ? 'default' : 'chosen',
    'dispatch.on_moved': onMoved,
  }),
  dispatchInputs: (inputs) => ({
    ...(inputs !== null && Object.keys(inputs).length === 0 ? { 'dispatch.inputs': 'no inputs' } : {}),
    ...Object.fromEntries(Object.entries(inputs ?? {}).map(([name, text]) => [`dispatch.inputs.${name}`, text])),
  }),
  dispatchAsk: (names) => ({ 'dispatch.ask': names.length === 0 ? null : names }),
  phaseJobs: (jobs) =>
    Object.fromEntries(Object.entries(jobs ?? {}).map(([phase, names]) => [`phases.${phase}`, names ?? null])),
  probeSeconds: (seconds) =>
    seconds === null ? {} : { 'phases.health_check': 'probe', 'phases.probe_seconds': seconds },
  rollbackMode: (mode) => ({ rollback: mode }),
  watchMinutes: (minutes) => ({ watch_minutes: minutes }),
  paths: (paths) => ({ paths: paths.length === 0 ? null : paths }),
  checklist: (lines) => ({ checklist: lines.length === 0 ? null : lines }),
  versionSource: (source) =>
    source === null ? {} : { 'version.url': source.url, [`version.${source.in}`]: source.at, 'version.is': source.is },
}

/** The keys of surfaces.yaml whose values differ, with both values. `before` is null for a new surface. */
function changedKeys(before: Declared | null, now: Declared): ChangedKey[] {
  const [old, written] = [before === null ? {} : asWritten(before), asWritten(now)]
  return [...new Set([...Object.keys(old), ...Object.keys(written)])].flatMap((key) => {
    const [one, other] = [old[key] ?? null, written[key] ?? null]
    if (isDeepStrictEqual(one, other)) return []
    return [{ key: inSentence(key), before: shownValue(key, one), after: shownValue(key, other) }]
  })
}

function asWritten(declared: Declared): Written {
  const written = <Part extends keyof typeof WRITTEN>(part: Part) => WRITTEN[part](declared[part])
  return Object.assign({}, ...PARTS.map((part) => written(part)))
}

const PARTS = Object.keys(WRITTEN).filter((part): part is keyof typeof WRITTEN => part in WRITTEN)

const ADDRESSES = ['url', 'health_url', 'version.url']

function shownValue(key: string, value: unknown): string {
  if (value === null) return '(not set)'
  if (looksSecret(key)) return '(not shown)'
  if (typeof value !== 'string') return inSentence(JSON.stringify(value))
  const text = ADDRESSES.includes(key) ? withoutCredentials(value) : value
  return inSentence(/^\S(.*\S)?$/.test(text) ? text : JSON.stringify(text))
}
