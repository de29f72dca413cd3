import { z } from 'zod'
import { FAILURE_STAGES } from '~/domain/deploy/status'
import { runIdText, storable } from '~/domain/input'

/** Limits of docs/contract.md, "Callback". */
export const CALLBACK_BODY_LIMIT = 64 * 1024
export const LOG_LINE_LIMIT = 4 * 1024

/** How a report proves its sender, the weakest way first (docs/security.md, "Who may report"). */
export const CALLBACK_WAYS = ['shared', 'repository', 'oidc'] as const
export type CallbackWay = (typeof CALLBACK_WAYS)[number]

/** What GitHub's token for a job says of its run (https://docs.github.com/en/actions/reference/security/oidc). */
export interface RunClaims {
  readonly repository: string
  readonly repository_id: bigint
  readonly run_id: bigint
  readonly run_attempt: number
  /** `owner/name/.github/workflows/file.yml@refs/heads/main` */
  readonly workflow_ref: string
}

/** The proven sender of a report. What the sender may report is decided with the deploy. */
export type Reporter =
  | { readonly way: 'shared' }
  | { readonly way: 'repository'; readonly repository: string }
  | { readonly way: 'oidc'; readonly run: RunClaims }

/** Whether a sender may report for a repository. The shared secret is valid for all of them; names ignore case. */
export function speaksFor(reporter: Reporter, repository: string): boolean {
  if (reporter.way === 'shared') return true
  const own = reporter.way === 'oidc' ? reporter.run.repository : reporter.repository
  return own.toLowerCase() === repository.toLowerCase()
}

/** Whether a proof is at least as strong as required. An unknown requirement means the strongest proof. */
export function isStrongEnough(way: CallbackWay, demanded: string): boolean {
  const order: readonly string[] = CALLBACK_WAYS
  const least = order.indexOf(demanded)
  return order.indexOf(way) >= (least < 0 ? order.length - 1 : least)
}

/** A byte that was not UTF-8 arrived as U+FFFD, which has three bytes: it counts as one. */
const byteLength = (text: string) => new TextEncoder().encode(text.replaceAll('\uFFFD', '?')).length

/** A JSON number is accepted below 2^53, from where on it is not exact. */
const runId = z.union([runIdText, z.int().positive().transform(BigInt)])

/**
 * What a workflow POSTs. `status` is any string here: one the console does not know is answered 422, not 400, so that a
 * newer workflow against an older console is told apart from a malformed one. Unknown fields are ignored.
 */
export const callbackBody = z
  .object({
    status: z.string().min(1).max(64).transform(storable),
    log_line: z
      .string()
      .refine((line) => byteLength(line) <= LOG_LINE_LIMIT, `longer than ${LOG_LINE_LIMIT} bytes`)
      .transform(storable)
      .nullish(),
    run_id: runId.nullish(),
    run_attempt: z.int().positive().max(1_000_000).nullish(),
    failure_stage: z.enum(FAILURE_STAGES).nullish(),
    deployed_sha: z
      .string()
      .regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/, 'expected a full commit SHA')
      .nullish(),
  })
  .refine((body) => body.failure_stage == null || body.status === 'failed', {
    path: ['failure_stage'],
    message: 'is allowed only with the status "failed"',
  })

export type CallbackBody = z.output<typeof callbackBody>
