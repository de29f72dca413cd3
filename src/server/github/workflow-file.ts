import 'server-only'
import { parse } from 'yaml'
import { z } from 'zod'
import { type AskedInput, INPUT_TYPES } from '~/domain/deploy/asked-inputs'
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

/** An input without a type is a string. A type that GitHub adds later is filled in as text. */
const declaredInput = z.object({
  type: z.enum(INPUT_TYPES).catch('string'),
  description: optionalText,
  required: z.boolean().nullish().catch(null),
  default: optionalText,
  options: z.array(scalar).nullish().catch(null),
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
  strategy: z.object({ matrix: z.unknown() }).nullish().catch(null),
  steps: z.array(step).nullish().catch(null),
})
const workflow = z.object({ on: events, 'run-name': optionalText, jobs: mapping(job).default({}) })

/** Reads the text of a workflow file. Throws when it is not YAML, or not a workflow. */
export function parseWorkflowFile(text: string): WorkflowFile {
  const { on, 'run-name': runName = null, jobs } = workflow.parse(parse(text))
  const { inputs } = dispatchEvent.parse(on['workflow_dispatch']) ?? {}
  return {
    dispatchable: Object.hasOwn(on, 'workflow_dispatch'),
    inputs: Object.entries(inputs ?? {}).map(([name, declared]) => inputOf(name, declared)),
    runName,
    jobs: Object.entries(jobs).map(([id, declared]) => jobOf(id, declared)),
  }
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
    options: type === 'choice' ? (options ?? []) : null,
  }
}

const EXPRESSION = /\$\{\{.*?\}\}/gs
const withoutExpressions = (text: string) => text.replaceAll(EXPRESSION, '*')

/** GitHub adds the values of a matrix to a name that has no expression of its own. */
function jobOf(id: string, { name, uses, strategy, steps }: z.output<typeof job>): WorkflowJob {
  const plain = withoutExpressions(name ?? id)
  const hasMatrix = strategy?.matrix !== undefined && strategy.matrix !== null
  const listed = steps ?? []
  return {
    name: hasMatrix && !plain.includes('*') ? `${plain} (*)` : plain,
    calls: typeof uses === 'string',
    steps: listed.map((one) =>
      withoutExpressions(one.name ?? `Run ${one.uses ?? one.run?.trim().split('\n', 1)[0] ?? ''}`),
    ),
    uses: listed.flatMap((one) => (typeof one.uses === 'string' ? [one.uses] : [])),
  }
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

/** A workflow file, as of a ref. Throws Octokit's error, or the parser's. */
export async function loadWorkflowFile(github: GitHub, at: WorkflowAt): Promise<WorkflowFile> {
  const { data } = await github.request('GET /repos/{owner}/{repo}/contents/.github/workflows/{file}', {
    ...ownerAndRepo(at.repository),
    file: at.workflow,
    ref: at.ref,
    request: { signal: AbortSignal.timeout(READ_TIMEOUT_MS) },
  })
  return parseWorkflowFile(Buffer.from(content.parse(data).content, 'base64').toString('utf8'))
}

/** Null if GitHub does not show the file or it cannot be parsed. GitHub itself refuses inputs that a file does not declare. */
export async function readWorkflowFile({ github, logger }: ReadDeps, at: WorkflowAt): Promise<WorkflowFile | null> {
  try {
    return await loadWorkflowFile(github, at)
  } catch (err) {
    logger.debug({ ...at, err }, 'the workflow file could not be read')
    return null
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
