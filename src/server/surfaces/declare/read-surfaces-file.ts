import 'server-only'
import { readFileSync } from 'node:fs'
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { WATCH_MINUTES } from '~/domain/deploy/watch'
import { likelySpelling } from '~/domain/likely-spelling'
import { PROBE_SECONDS } from '~/domain/surface/health-check'
import type { VersionSource } from '~/domain/surface/version'
import type { SurfaceDeclaration } from '~/server/surfaces/declare/declarations'
import {
  type DeclaredPhases,
  type DeclaredVersion,
  KNOWN_KEYS,
  surfacesFile,
} from '~/server/surfaces/declare/surfaces-schema'

/**
 * Reads the declared surfaces. Throws one error that names every problem, with file and line.
 * @param sandboxUrl what `${SANDBOX_URL}` stands for; undefined when there is no sandbox, and then it may not be used
 */
export function readSurfacesFile(file: string, sandboxUrl: string | undefined): SurfaceDeclaration[] {
  return parseSurfaces(readText(file), file, sandboxUrl)
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(
      `The surfaces file cannot be read: ${why}. Nothing was changed. Set SURFACES_FILE to the file that declares the surfaces.`,
    )
  }
}

export function parseSurfaces(text: string, file: string, sandboxUrl: string | undefined): SurfaceDeclaration[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const problems = document.errors.map((error) => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`)
  const lineOf = (path: readonly PropertyKey[]) => lineOfMember(document, lines, path)
  const value = problems.length === 0 ? document.toJS() : null
  const withUrl = substituteSandbox(value, sandboxUrl)
  const parsed = surfacesFile.safeParse(withUrl)
  if (problems.length === 0 && !parsed.success) {
    for (const issue of parsed.error.issues) {
      const field = issue.path.slice(2).join('.')
      const unresolved = sandboxUrl === undefined && usesSandbox(document.getIn(issue.path.map(asKey)))
      const say = (path: readonly PropertyKey[], message: string) =>
        problems.push(`${file}:${lineOf(path)}: ${field ? `${field}: ` : ''}${message}`)
      if (issue.code === 'unrecognized_keys') {
        for (const key of issue.keys) say([...issue.path, key], unknownKey(key))
      } else say(issue.path, unresolved ? NO_SANDBOX : inWords(issue))
    }
  }
  if (problems.length > 0 || !parsed.success) {
    throw new Error(
      `The surfaces file has errors. The stored surfaces were not changed. Correct these lines:\n${problems.join('\n')}`,
    )
  }
  return parsed.data.surfaces.map((surface, position) => ({
    id: surface.id,
    name: surface.name,
    environment: surface.environment,
    repository: surface.repository,
    workflow: surface.workflow,
    service: surface.service ?? null,
    ref: surface.ref,
    url: surface.url,
    healthUrl: surface.health_url,
    confirm: surface.confirm ?? surface.id,
    timeoutMinutes: surface.timeout_minutes,
    position,
    requiresApproval: surface.approval === 'required',
    approvalMinutes: surface.approval_minutes,
    callbacks: surface.callbacks,
    repositoryId: surface.repository_id === undefined ? null : BigInt(surface.repository_id),
    dispatchInputs: surface.dispatch?.inputs ?? null,
    dispatchAsk: surface.dispatch?.ask ?? [],
    ...phasesOf(surface.phases),
    githubEnvironment: surface.github_environment ?? null,
    onMoved: surface.dispatch?.from === 'chosen' ? (surface.dispatch.on_moved ?? 'cancel') : null,
    rollbackMode: surface.rollback ?? null,
    watchMinutes: surface.rollback === undefined ? null : (surface.watch_minutes ?? WATCH_MINUTES),
    paths: surface.paths ?? [],
    checklist: surface.checklist ?? [],
    versionSource: surface.version === undefined ? null : sourceOf(surface.version),
  }))
}

/**
 * The line of the surface's member, such as `phases.deploy`, or of its nearest parent that is written. Null if the file does not declare the
 * surface, or is not YAML.
 */
export function placeOfMember(text: string, surfaceId: string, key: string): number | null {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const surfaces = document.errors.length === 0 ? document.get('surfaces') : null
  if (!isSeq(surfaces)) return null
  const index = surfaces.items.findIndex((surface) => isMap(surface) && surface.get('id') === surfaceId)
  return index === -1 ? null : lineOfMember(document, lines, ['surfaces', index, ...key.split('.')])
}

/** The line where a member begins, which for a key is the line of the key; where it is missing, the line of its nearest parent. */
function lineOfMember(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  let [node, at]: [unknown, number] = [document.contents, 0]
  for (const key of path) {
    const member = isMap(node)
      ? node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key))
      : isSeq(node)
        ? { key: node.items[Number(key)], value: node.items[Number(key)] }
        : undefined
    if (!isNode(member?.key) || !member.key.range) break
    at = member.key.range[0]
    node = member.value
  }
  return lines.linePos(at).line
}

/** The jobs of each phase, and how long the console makes the health check if it does so itself. */
function phasesOf(phases: DeclaredPhases | undefined) {
  if (phases === undefined) return { phaseJobs: null, probeSeconds: null }
  const { health_check, probe_seconds = PROBE_SECONDS, ...jobs } = phases
  return health_check === 'probe'
    ? { phaseJobs: jobs, probeSeconds: probe_seconds }
    : { phaseJobs: { ...jobs, ...(health_check === undefined ? {} : { health_check }) }, probeSeconds: null }
}

function sourceOf({ url, is, json, header, text }: DeclaredVersion): VersionSource {
  const rest = { url: url ?? null, is }
  if (json !== undefined) return { ...rest, in: 'json', at: json }
  return header === undefined ? { ...rest, in: 'text', at: text ?? '' } : { ...rest, in: 'header', at: header }
}

const NO_SANDBOX = 'uses SANDBOX_URL, but there is no sandbox when GitHub credentials are set: declare your own'

function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return 'is missing'
  return issue.message
}

function unknownKey(key: string): string {
  const meant = likelySpelling(key, KNOWN_KEYS)
  return `"${key}" is not a known key${meant === null ? '' : `; did you mean "${meant}"?`}`
}

const PLACEHOLDER = /\$\{SANDBOX_URL\}/g
const asKey = (key: PropertyKey) => (typeof key === 'symbol' ? String(key) : key)
const usesSandbox = (value: unknown) => typeof value === 'string' && value.search(PLACEHOLDER) >= 0

/** Replaces the placeholder after parsing, so that an address cannot change the structure of the file. */
function substituteSandbox(value: unknown, sandboxUrl: string | undefined): unknown {
  if (sandboxUrl === undefined) return value
  if (typeof value === 'string') return value.replaceAll(PLACEHOLDER, sandboxUrl)
  if (Array.isArray(value)) return value.map((item) => substituteSandbox(item, sandboxUrl))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, substituteSandbox(item, sandboxUrl)]))
  }
  return value
}
