import 'server-only'
import { readFileSync } from 'node:fs'
import { isNode, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { inputName, looksSecret, MOST_INPUTS } from '~/domain/deploy/asked-inputs'
import { CALLBACK_WAYS } from '~/domain/deploy/callback'
import { DEFAULT_INPUTS, tellsCommit, unknownFact } from '~/domain/deploy/inputs'
import { ON_MOVED } from '~/domain/deploy/request'
import type { PhaseKey } from '~/domain/deploy/status'
import { isVisible } from '~/domain/foreign-text'
import { nameText, storableText, UNSEEN } from '~/domain/input'
import { likelySpelling } from '~/domain/likely-spelling'
import { PROBE_SECONDS } from '~/domain/surface/health-check'
import { pathProblem } from '~/domain/surface/paths'
import type { VersionSource } from '~/domain/surface/version'
import type { SurfaceDeclaration } from '~/server/surfaces/surfaces'

const address = z
  .string()
  .refine((value) => /^https?:\/\//.test(value) && URL.canParse(value), 'is not an http(s) URL')
  .transform((value) => value.replace(/\/+$/, ''))

const inputTemplate = storableText.max(1_000).superRefine((template, context) => {
  const problem = unknownFact(template)
  if (problem !== null) context.addIssue({ code: 'custom', message: problem })
})

const declaredInputs = z
  .record(inputName, inputTemplate)
  .refine((inputs) => Object.keys(inputs).length <= MOST_INPUTS, `has more than ${MOST_INPUTS} inputs`)

const TELLS_NOTHING = `does not tell the workflow what to deploy: one input needs \${sha}, \${short_sha}, \${ref} or \${ref_name}`

const askedName = inputName.refine(
  (name) => !looksSecret(name),
  'looks like a secret, and GitHub shows inputs to everybody who can read the repository',
)

const dispatchSchema = z
  .strictObject({
    from: z.enum(['default', 'chosen'], 'must be "default" or "chosen"').default('default'),
    on_moved: z.enum(ON_MOVED, 'must be "cancel" or "continue"').optional(),
    inputs: declaredInputs.optional(),
    ask: z.array(askedName).min(1, 'names no input').max(MOST_INPUTS).optional(),
  })
  .superRefine(({ from, on_moved, inputs = DEFAULT_INPUTS, ask = [] }, context) => {
    if (from === 'default' && !tellsCommit(inputs)) {
      context.addIssue({ code: 'custom', path: ['inputs'], message: TELLS_NOTHING })
    }
    if (from === 'default' && on_moved !== undefined) {
      context.addIssue({ code: 'custom', path: ['on_moved'], message: 'has no effect without "from: chosen"' })
    }
    for (const [index, name] of ask.entries()) {
      const message = Object.hasOwn(inputs, name)
        ? 'is already filled in by the console'
        : ask.indexOf(name) < index
          ? 'is named twice'
          : null
      if (message !== null) context.addIssue({ code: 'custom', path: ['ask', index], message })
    }
  })

const jobNames = z.array(storableText.min(1).max(255)).min(1, 'names no job').max(50).optional()

const phasesSchema = z
  .strictObject({
    smoke_gate: jobNames,
    freeze_check: jobNames,
    deploy: jobNames,
    health_check: z.union([jobNames, z.literal('probe')], 'is neither a list of jobs nor "probe"'),
    probe_seconds: z.int().min(10).max(3600).optional(),
  } satisfies Record<PhaseKey | 'probe_seconds', z.ZodType>)
  .refine(
    ({ deploy }) => deploy !== undefined,
    'names no job of the phase deploy, so no run could prove that it deployed',
  )
  .refine(
    ({ health_check, probe_seconds }) => probe_seconds === undefined || health_check === 'probe',
    'declares probe_seconds without "health_check: probe"',
  )

/** A member of a JSON body, by its path: `version` or `build.commit`. */
const memberPath = storableText.max(200).regex(/^[^.]+(\.[^.]+)*$/, 'is not a path such as build.commit')

const repositoryPath = storableText
  .min(1)
  .max(255)
  .refine(isVisible, UNSEEN)
  .superRefine((path, context) => {
    const problem = pathProblem(path)
    if (problem !== null) context.addIssue({ code: 'custom', message: problem })
  })

const headerName = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'is not the name of a header')

const versionPattern = storableText.max(500).superRefine((pattern, context) => {
  try {
    const names = Object.keys(new RegExp(`${pattern}|`, 'm').exec('')?.groups ?? {})
    if (!names.includes('version')) context.addIssue({ code: 'custom', message: 'has no group (?<version>…)' })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    context.addIssue({ code: 'custom', message: `is not a regular expression: ${why}` })
  }
})

const versionSchema = z
  .strictObject({
    url: address.optional(),
    json: memberPath.optional(),
    header: headerName.optional(),
    text: versionPattern.optional(),
    is: z.enum(['commit', 'ref'], 'must be commit or ref').default('commit'),
  })
  .refine(
    ({ json, header, text }) => [json, header, text].filter((place) => place !== undefined).length === 1,
    'needs exactly one of json, header and text',
  )

const surfaceSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'may contain only lower-case letters, digits and hyphens'),
  name: nameText.max(80),
  environment: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'may contain only lower-case letters, digits and hyphens'),
  repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'is not owner/name'),
  workflow: z.string().regex(/^[\w.-]+\.ya?ml$/, 'is not a workflow file name such as deploy-console.yml'),
  ref: storableText.min(1).max(255).refine(isVisible, UNSEEN).default('main'),
  url: address,
  health_url: address,
  confirm: nameText.optional(),
  timeout_minutes: z.int().min(1).max(1440).default(30),
  approval: z.enum(['none', 'required'], 'must be "none" or "required"').default('none'),
  approval_minutes: z.int().min(1).max(1440).default(60),
  callbacks: z.enum(CALLBACK_WAYS, 'must be shared, repository or oidc').default('shared'),
  github_environment: nameText.max(255).optional(),
  repository_id: z.int('is not a number').positive('is not a positive number').optional(),
  dispatch: dispatchSchema.optional(),
  phases: phasesSchema.optional(),
  version: versionSchema.optional(),
  paths: z.array(repositoryPath).min(1, 'names no path').max(10, 'names more than 10 paths').optional(),
})

const fileSchema = z
  .strictObject({ surfaces: z.array(surfaceSchema).min(1, 'no surface is declared') })
  .superRefine(({ surfaces }, context) => {
    for (const [index, { id, approval, dispatch }] of surfaces.entries()) {
      if (approval === 'required' && dispatch?.on_moved === 'continue') {
        const message = 'cannot be "continue" with "approval: required", which approves one commit'
        context.addIssue({ code: 'custom', path: ['surfaces', index, 'dispatch', 'on_moved'], message })
      }
      if (surfaces.findIndex((other) => other.id === id) < index) {
        context.addIssue({ code: 'custom', path: ['surfaces', index, 'id'], message: `"${id}" is declared twice` })
      }
    }
  })

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
  const lineOf = (path: readonly PropertyKey[]): number => {
    const keys = path.map((key) => (typeof key === 'symbol' ? String(key) : key))
    const node = document.getIn(keys, true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    return keys.length === 0 ? 1 : lineOf(keys.slice(0, -1))
  }
  const value = problems.length === 0 ? document.toJS() : null
  const withUrl = substituteSandbox(value, sandboxUrl)
  const parsed = fileSchema.safeParse(withUrl)
  if (problems.length === 0 && !parsed.success) {
    for (const issue of parsed.error.issues) {
      const field = issue.path.slice(2).join('.')
      const unresolved = sandboxUrl === undefined && usesSandbox(document.getIn(issue.path.map(asKey)))
      const message = unresolved ? NO_SANDBOX : inWords(issue)
      problems.push(`${file}:${lineOf(issue.path)}: ${field ? `${field}: ` : ''}${message}`)
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
    paths: surface.paths ?? [],
    versionSource: surface.version === undefined ? null : sourceOf(surface.version),
  }))
}

/** The jobs of each phase, and how long the console makes the health check if it does so itself. */
function phasesOf(phases: z.output<typeof phasesSchema> | undefined) {
  if (phases === undefined) return { phaseJobs: null, probeSeconds: null }
  const { health_check, probe_seconds = PROBE_SECONDS, ...jobs } = phases
  return health_check === 'probe'
    ? { phaseJobs: jobs, probeSeconds: probe_seconds }
    : { phaseJobs: { ...jobs, ...(health_check === undefined ? {} : { health_check }) }, probeSeconds: null }
}

function sourceOf({ url, is, json, header, text }: z.output<typeof versionSchema>): VersionSource {
  const rest = { url: url ?? null, is }
  if (json !== undefined) return { ...rest, in: 'json', at: json }
  return header === undefined ? { ...rest, in: 'text', at: text ?? '' } : { ...rest, in: 'header', at: header }
}

const NO_SANDBOX = 'uses SANDBOX_URL, but there is no sandbox when GitHub credentials are set: declare your own'

function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return issue.keys.map(unknownKey).join('; ')
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return 'is missing'
  return issue.message
}

const KNOWN_KEYS = [
  'surfaces',
  ...Object.keys(surfaceSchema.shape),
  ...Object.keys(dispatchSchema.shape),
  ...Object.keys(versionSchema.shape),
  ...Object.keys(phasesSchema.shape),
]

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
