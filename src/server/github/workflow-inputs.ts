import 'server-only'
import { parse } from 'yaml'
import { z } from 'zod'
import { type AskedInput, INPUT_TYPES } from '~/domain/deploy/asked-inputs'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import { PAGE_LENGTH } from '~/server/github/reads'
import type { Logger } from '~/server/platform/logger'

/** An operator waits for these reads. */
const READ_TIMEOUT_MS = 5_000

const content = z.object({ encoding: z.literal('base64'), content: z.string() })

/** YAML reads `default: 1.0` as a number and `default: true` as a boolean. GitHub passes both on as text. */
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String)

/** An input without a type is a string. A type that GitHub adds later is filled in as text. */
const declaredInput = z
  .object({
    type: z.enum(INPUT_TYPES).catch('string'),
    description: z.string().nullish().catch(null),
    required: z.boolean().nullish().catch(null),
    default: scalar.nullish().catch(null),
    options: z.array(scalar).nullish().catch(null),
  })
  .or(
    z
      .null()
      .transform(() => ({ type: 'string' as const, description: null, required: null, default: null, options: null })),
  )

/** Where `workflow_dispatch` has inputs, `on` is a mapping. A list or a single name declares none. */
const workflow = z.object({
  on: z.unknown().transform((on) => dispatchable.safeParse(on).data?.workflow_dispatch?.inputs ?? {}),
})
const dispatchable = z.object({
  workflow_dispatch: z.object({ inputs: z.record(z.string(), declaredInput).nullish() }).nullish(),
})

interface WorkflowAt {
  readonly repository: string
  readonly workflow: string
  readonly ref: string
}

interface ReadDeps {
  readonly github: GitHub
  readonly logger: Logger
}

/**
 * The `workflow_dispatch` inputs of a workflow file, as of the ref from which it runs. Null if GitHub does not show the file or it
 * cannot be parsed. GitHub itself refuses inputs that a file does not declare.
 */
export async function readWorkflowInputs(
  { github, logger }: ReadDeps,
  { repository, workflow: file, ref }: WorkflowAt,
): Promise<readonly AskedInput[] | null> {
  try {
    const { data } = await github.request('GET /repos/{owner}/{repo}/contents/.github/workflows/{file}', {
      ...ownerAndRepo(repository),
      file,
      ref,
      request: { signal: AbortSignal.timeout(READ_TIMEOUT_MS) },
    })
    const text = Buffer.from(content.parse(data).content, 'base64').toString('utf8')
    return Object.entries(workflow.parse(parse(text)).on).map(([name, declared]) => inputOf(name, declared))
  } catch (err) {
    logger.debug({ repository, workflow: file, ref, err }, 'the workflow file could not be read')
    return null
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
