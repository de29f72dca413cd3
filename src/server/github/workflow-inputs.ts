import 'server-only'
import { parse } from 'yaml'
import { z } from 'zod'
import { type GitHub, ownerAndRepo } from '~/server/github/client'
import type { Logger } from '~/server/platform/logger'

/** An operator waits for this read. */
const READ_TIMEOUT_MS = 5_000

const content = z.object({ encoding: z.literal('base64'), content: z.string() })

/** Where `workflow_dispatch` has inputs, `on` is a mapping. A list or a single name declares none. */
const workflow = z.object({
  on: z.unknown().transform((on) => dispatchable.safeParse(on).data?.workflow_dispatch?.inputs ?? {}),
})
const dispatchable = z.object({
  workflow_dispatch: z.object({ inputs: z.record(z.string(), z.unknown()).nullish() }).nullish(),
})

interface WorkflowAt {
  readonly repository: string
  readonly workflow: string
  readonly ref: string
}

/**
 * The names of the `workflow_dispatch` inputs of a workflow file, as of the ref from which it runs. Null if GitHub does not show the
 * file or it cannot be parsed. GitHub itself refuses inputs that a file does not declare.
 */
export async function readInputNames(
  { github, logger }: { readonly github: GitHub; readonly logger: Logger },
  { repository, workflow: file, ref }: WorkflowAt,
): Promise<readonly string[] | null> {
  try {
    const { data } = await github.request('GET /repos/{owner}/{repo}/contents/.github/workflows/{file}', {
      ...ownerAndRepo(repository),
      file,
      ref,
      request: { signal: AbortSignal.timeout(READ_TIMEOUT_MS) },
    })
    const text = Buffer.from(content.parse(data).content, 'base64').toString('utf8')
    return Object.keys(workflow.parse(parse(text)).on)
  } catch (err) {
    logger.debug({ repository, workflow: file, ref, err }, 'the workflow file could not be read')
    return null
  }
}
