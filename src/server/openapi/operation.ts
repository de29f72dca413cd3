import 'server-only'
import { z } from 'zod'
import { TOKEN_PERMISSIONS } from '~/domain/api-token'
import { evidenceFile } from '~/domain/audit/evidence-file'
import { callbackBody } from '~/domain/deploy/callback'
import { ERROR_CODES, type ErrorCode } from '~/domain/errors'
import type { Permission } from '~/domain/permissions'
import {
  restApproval,
  restContinueBody,
  restContinued,
  restOwnQueue,
  restQueued,
  restRefusalBody,
} from '~/server/rest/request-shapes'
import {
  restAuditEntry,
  restCallbackAnswer,
  restCancelAnswer,
  restDeploy,
  restDispatchAnswer,
  restDispatchBody,
  restFreezeAnswer,
  restListedDeploy,
  restLogPage,
  restProblem,
  restReleaseAnswer,
  restReleaseBody,
  restWatchAnswer,
  restWebhook,
  restWebhookAnswer,
} from '~/server/rest/shapes'
import {
  restApprovals,
  restCaller,
  restFreeze,
  restFreezeBody,
  restFreezeChange,
  restFreezes,
  restLifted,
  restLockBody,
  restNetState,
  restReview,
  restSignedOut,
  restSurface,
  restSurfaces,
  restUnlocked,
} from '~/server/rest/surface-shapes'

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly description?: string
  readonly schema: Readonly<Record<string, unknown>>
}

interface Success {
  readonly status: number
  readonly description: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content: Readonly<Record<string, unknown>>
}

interface Operation {
  readonly id: string
  readonly summary: string
  readonly description?: string
  /** Null: the request is signed instead. */
  readonly permission: Permission | null
  readonly parameters?: readonly Parameter[]
  readonly body?: ComponentName
  readonly success: Success
  /** The answer has an `ETag`; `If-None-Match` is answered 304 if nothing changed. */
  readonly tagged?: boolean
  /** Codes of `ERROR_CODES`, grouped by HTTP status, besides those of the body, the caller and any address. */
  readonly problems: readonly ErrorCode[]
}

/** Problems of addresses that read a body. */
const OF_BODIES: readonly ErrorCode[] = ['body_incomplete', 'body_too_large']

/** Problems that any address may answer. */
const ALWAYS: readonly ErrorCode[] = ['rate_limited', 'database_unavailable', 'internal']

/** Problems of addresses that authenticate the caller. */
const OF_ACTORS: readonly ErrorCode[] = ['signed_out', 'token_refused', 'permission_refused', 'origin_refused']

/** Problems of bodies that a browser may send for a caller. */
const OF_ACTORS_BODIES: readonly ErrorCode[] = ['media_type_refused']

export const API_TOKEN_SCHEME = 'apiToken'
export const SESSION_SCHEME = 'session'

export const json = (name: ComponentName) => ({ 'application/json': { schema: refTo(name) } })

const ifNoneMatch: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  description: 'An `ETag` of an earlier answer (RFC 9110, 13.1.2).',
  schema: { type: 'string' },
}
const etag = { schema: { type: 'string' } }
const ANSWERED = { ETag: { ...etag, description: 'Missing if the answer also depends on GitHub.' } }
const UNCHANGED = { ETag: { ...etag, required: true } }

export function operation(described: Operation) {
  const { id, summary, description, permission, body, success, tagged = false, problems } = described
  const { status, ...answer } = success
  const parameters = tagged ? [...(described.parameters ?? []), ifNoneMatch] : described.parameters
  return {
    operationId: id,
    summary,
    security: securityOf(permission),
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(body) } }),
    responses: {
      [status]: tagged ? { ...answer, headers: ANSWERED } : answer,
      ...(tagged ? { 304: { description: 'Nothing has changed since that answer.', headers: UNCHANGED } } : {}),
      ...problemResponses([
        ...problems,
        ...(body === undefined ? [] : OF_BODIES),
        ...(body === undefined || permission === null ? [] : OF_ACTORS_BODIES),
        ...(permission === null ? [] : OF_ACTORS),
        ...ALWAYS,
      ]),
    },
  }
}

/**
 * A token if its scope can contain the permission, otherwise a session. The list names the required permission (OpenAPI 3.1,
 * "Security Requirement").
 */
function securityOf(permission: Permission | null): Readonly<Record<string, readonly string[]>>[] {
  if (permission === null) return []
  const byToken = TOKEN_PERMISSIONS.some((held) => held === permission)
  return [byToken ? { [API_TOKEN_SCHEME]: [permission] } : { [SESSION_SCHEME]: [] }]
}

function problemResponses(codes: readonly ErrorCode[]): Record<string, unknown> {
  const statuses = [...new Set(codes.map((code) => ERROR_CODES[code].http))].toSorted()
  return Object.fromEntries(
    statuses.map((status) => {
      const here = codes.filter((code) => ERROR_CODES[code].http === status)
      return [
        status,
        {
          description: here.map((code) => `\`${code}\`: ${ERROR_CODES[code].title}.`).join(' '),
          ...(status === 401 && here.includes('token_refused')
            ? { headers: { 'WWW-Authenticate': { required: true, schema: { type: 'string' } } } }
            : {}),
          ...(status === 503 || status === 429
            ? { headers: { 'Retry-After': { required: true, schema: { type: 'integer' } } } }
            : {}),
          content: {
            'application/problem+json': {
              schema: { allOf: [refTo('Problem')], properties: { code: { enum: here }, status: { const: status } } },
            },
          },
        },
      ]
    }),
  )
}

const COMPONENTS = {
  DispatchRequest: restDispatchBody,
  DispatchAnswer: restDispatchAnswer,
  Deploy: restDeploy,
  Approval: restApproval,
  QueuedRequest: restQueued,
  OwnQueue: restOwnQueue,
  ContinueRequest: restContinueBody,
  Continued: restContinued,
  RefusalRequest: restRefusalBody,
  LogPage: restLogPage,
  Callback: callbackBody,
  CallbackAnswer: restCallbackAnswer,
  CancelAnswer: restCancelAnswer,
  WatchAnswer: restWatchAnswer,
  ReleaseRequest: restReleaseBody,
  ReleaseAnswer: restReleaseAnswer,
  FreezeAnswer: restFreezeAnswer,
  Webhook: restWebhook,
  WebhookAnswer: restWebhookAnswer,
  AuditEntry: restAuditEntry,
  Surface: restSurface,
  Surfaces: restSurfaces,
  Review: restReview,
  LockRequest: restLockBody,
  Unlocked: restUnlocked,
  Freeze: restFreeze,
  Freezes: restFreezes,
  FreezeRequest: restFreezeBody,
  FreezeChange: restFreezeChange,
  NetState: restNetState,
  Lifted: restLifted,
  Approvals: restApprovals,
  Caller: restCaller,
  SignedOut: restSignedOut,
  Evidence: evidenceFile,
  ListedDeploy: restListedDeploy,
  Problem: restProblem,
} as const satisfies Record<string, z.ZodType>

export type ComponentName = keyof typeof COMPONENTS

export const refTo = (name: ComponentName) => ({ $ref: `#/components/schemas/${name}` })

/** The schemas that parse requests, as JSON Schema of their input. */
export function componentSchemas(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(COMPONENTS).map(([name, schema]) => {
      const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' })
      return [name, rest]
    }),
  )
}
