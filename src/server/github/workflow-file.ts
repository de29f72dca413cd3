import 'server-only'
import { parse } from 'yaml'
import { z } from 'zod'
import { type AskedInput, INPUT_TYPES } from '~/domain/deploy/asked-inputs'
import { clipName } from '~/domain/deploy/job-names'
import type { WorkflowFile, WorkflowJob } from '~/domain/github/workflow-file'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { PAGE_LENGTH } from '~/server/github/reads'
import type { Logger } from '~/server/platform/logger'

/** An operator waits for these reads. */
const READ_TIMEOUT_MS = 5_000

const content = z.object({ encoding: z.literal('base64'), content: z.string() })

/** YAML reads `default: 1.0` as a number and `default: true` as a boolean. GitHub passes both on as text. */
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String)
const optionalText = scalar.nullish().catch(null)
/** An empty entry of a list is the empty text. */
const option = scalar.nullish().transform((text) => text ?? '')

/** An input without a type is a string. A type that GitHub adds later is filled in as text. */
const declaredInput = z.object({
  type: z.enum(INPUT_TYPES).catch('string'),
  description: optionalText,
  required: z.boolean().nullish().catch(null),
  default: optionalText,
  options: z.array(option).nullish().catch(null),
})

/** A mapping whose members may be empty, such as `note:` without anything. */
const mapping = <Member extends z.ZodType>(member: Member) =>
  z.record(
    z.string(),
    z.preprocess((value) => value ?? {}, member),
  )

const events = z.union([
  z.string().transform((event) => ({ [event]: null })),
  z.array(z.string()).transform((list) => Object.fromEntries(list.map((event) => [event, null]))),
  z.record(z.string(), z.unknown()),
])

const dispatchEvent = z.object({ inputs: mapping(declaredInput).nullish() }).nullish()

const step = z.object({ name: optionalText, uses: optionalText, run: optionalText })
const job = z.object({
  name: optionalText,
  uses: optionalText,
  environment: z.unknown().optional(),
  /** An expression may be the whole strategy, or the whole matrix. */
  strategy: z
    .union([z.string(), z.object({ matrix: z.unknown() })])
    .nullish()
    .catch(null),
  steps: z.array(step).nullish().catch(null),
})
/** Tools that write YAML 1.1 turn the key `on` into `true`. */
const withOn = (value: unknown) =>
  typeof value === 'object' && value !== null && 'true' in value && !('on' in value)
    ? { ...value, on: value.true }
    : value
const workflow = z.preprocess(
  withOn,
  z.object({ on: events, 'run-name': optionalText, jobs: mapping(job).default({}) }),
)

/** GitHub reads YAML 1.2, whatever version the file names, and knows aliases but no merge keys. */
const YAML = { schema: 'core', merge: false, maxAliasCount: 1_000, logLevel: 'error' } as const

/** Reads the text of a workflow file. Throws when it is not YAML, or not a workflow. */
export function parseWorkflowFile(text: string): WorkflowFile {
  const { on, 'run-name': runName = null, jobs } = readAs(workflow, parse(text, YAML))
  const { inputs } = readAs(dispatchEvent, on['workflow_dispatch'], 'on.workflow_dispatch') ?? {}
  return {
    dispatchable: Object.hasOwn(on, 'workflow_dispatch'),
    inputs: Object.entries(inputs ?? {}).map(([name, declared]) => inputOf(name, declared)),
    runName,
    jobs: Object.entries(jobs).map(([id, declared]) => jobOf(id, declared)),
  }
}

function readAs<Schema extends z.ZodType>(schema: Schema, value: unknown, ...at: string[]): z.output<Schema> {
  const { data, error } = schema.safeParse(value)
  if (error === undefined) return data
  const place = [...at, ...(error.issues[0]?.path ?? [])].join('.')
  throw new Error(place === '' ? 'it is not a mapping' : `\`${place}\` is missing or is not what GitHub documents`)
}

function inputOf(name: string, declared: z.output<typeof declaredInput>): AskedInput {
  const { type, description, required, default: preset, options } = declared
  return {
    name,
    type,
    description: description ?? null,
    required: required === true,
    // GitHub sends `false` for a boolean without a default.
    default: preset ?? (type === 'boolean' ? 'false' : null),
    options: type === 'choice' ? (options ?? null) : null,
  }
}

/** Text in quotes may contain the end of an expression. */
const EXPRESSION = /\$\{\{(?:'[^']*'|[^'])*?\}\}/g
/** A longer text is not searched for expressions: a hostile one would take too long. */
const SEARCHED_AT_MOST = 2_000
const withoutExpressions = (text: string) => (text.length > SEARCHED_AT_MOST ? '*' : text.replaceAll(EXPRESSION, '*'))

/** GitHub adds the values of a matrix to a name that has no expression of its own. */
function jobOf(id: string, { name, uses, environment, strategy, steps }: z.output<typeof job>): WorkflowJob {
  const listed = steps ?? []
  return {
    name: withMatrix(shortened(shownName(name) ?? id), strategy),
    calls: typeof uses === 'string',
    hasEnvironment: environment !== undefined && environment !== null,
    steps: listed.map((one) => shortened(shownName(one.name) ?? `Run ${commandOf(one)}`)),
    uses: listed.flatMap((one) => (typeof one.uses === 'string' ? [clipName(one.uses)] : [])),
  }
}

/** What is left out may be any text. */
function shortened(name: string): string {
  const kept = clipName(name)
  return kept === name ? name : `${kept}*`
}

/** Null without a name. What GitHub shows for an empty name is not documented. */
function shownName(name: string | null | undefined): string | null {
  if (name === null || name === undefined) return null
  return name.trim() === '' ? '*' : withoutExpressions(name)
}

function withMatrix(name: string, strategy: z.output<typeof job>['strategy']): string {
  if (strategy === null || strategy === undefined || name.includes('*')) return name
  if (typeof strategy === 'string') return `${name}*`
  return strategy.matrix === undefined || strategy.matrix === null ? name : `${name} (*)`
}

/** GitHub shows the image of `docker://image`, and the first line of a script. */
function commandOf({ uses, run }: z.output<typeof step>): string {
  if (typeof uses === 'string') return uses.replace(/^docker:\/\//, '*')
  // An expression may span lines.
  const beginning = (run ?? '').trim().slice(0, SEARCHED_AT_MOST)
  return withoutExpressions(beginning).split('\n', 1)[0] ?? ''
}

interface WorkflowAt {
  readonly repository: string
  readonly workflow: string
  readonly ref: string
}

interface ReadDeps {
  readonly github: GitHub
  readonly logger: Logger
}

/** GitHub answered without the text of the file: it leaves out texts above 1 MB. */
export class UnshownFileError extends Error {}

/** A workflow file, as of a ref. Throws Octokit's error, `UnshownFileError`, or the parser's. */
export const loadWorkflowFile = async (github: GitHub, at: WorkflowAt): Promise<WorkflowFile> =>
  parseContents(await requestContents(github, at))

async function requestContents(github: GitHub, at: WorkflowAt): Promise<unknown> {
  const { data } = await github.request('GET /repos/{owner}/{repo}/contents/.github/workflows/{file}', {
    ...ownerAndRepo(at.repository),
    file: at.workflow,
    ref: at.ref,
    request: { signal: AbortSignal.timeout(READ_TIMEOUT_MS) },
  })
  return data
}

function parseContents(data: unknown): WorkflowFile {
  const shown = content.safeParse(data).data
  if (shown === undefined) throw new UnshownFileError('GitHub does not show the text of the file')
  return parseWorkflowFile(Buffer.from(shown.content, 'base64').toString('utf8'))
}

export interface ReadFile {
  /** Null if GitHub does not show the text, or it cannot be parsed. GitHub itself refuses inputs that a file does not declare. */
  readonly file: WorkflowFile | null
  /** Git's name of the text, also of one that is not shown or cannot be parsed. Null if GitHub did not answer with the file. */
  readonly blob: string | null
}

const named = z.object({ sha: z.string() })

export async function readWorkflowFile({ github, logger }: ReadDeps, at: WorkflowAt): Promise<ReadFile> {
  let blob: string | null = null
  try {
    const data = await requestContents(github, at)
    blob = named.safeParse(data).data?.sha ?? null
    return { file: parseContents(data), blob }
  } catch (err) {
    logger.debug({ ...at, err }, 'the workflow file could not be read')
    return { file: null, blob }
  }
}

const environments = z.object({ environments: z.array(z.object({ name: z.string() })).default([]) })

/** The names of a repository's environments; null if GitHub does not show them. GitHub creates an environment that does not exist. */
export async function readEnvironments({ github, logger }: ReadDeps, repository: string): Promise<string[] | null> {
  try {
    const { data } = await github.request('GET /repos/{owner}/{repo}/environments', {
      ...ownerAndRepo(repository),
      per_page: PAGE_LENGTH,
      request: { signal: AbortSignal.timeout(READ_TIMEOUT_MS) },
    })
    return environments.parse(data).environments.map(({ name }) => name)
  } catch (err) {
    logger.debug({ repository, err }, 'the environments could not be read')
    return null
  }
}
