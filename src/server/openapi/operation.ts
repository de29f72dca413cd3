import 'server-only'
import { TOKEN_PERMISSIONS } from '~/domain/api-token'
import { ERROR_CODES, type ErrorCode } from '~/domain/errors'
import type { Permission } from '~/domain/permissions'
import { type ComponentName, refTo } from '~/server/openapi/schemas'

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
  /** What it takes; null: it is signed instead. */
  readonly permission: Permission | null
  readonly parameters?: readonly Parameter[]
  readonly body?: ComponentName
  readonly success: Success
  /** The answer has a version; named in `If-None-Match`, and still there, it is not sent again. */
  readonly versioned?: boolean
  /** Codes of the one table; grouped by what they are over HTTP. */
  readonly problems: readonly ErrorCode[]
}

/** What any address may answer. */
const ALWAYS: readonly ErrorCode[] = ['rate_limited', 'database_unavailable', 'internal']

/** And any that asks who is there. */
const OF_ACTORS: readonly ErrorCode[] = ['signed_out', 'token_refused', 'permission_refused', 'origin_refused']

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
const ANSWERED = { ETag: { ...etag, description: 'Missing while the answer also depends on GitHub.' } }
const UNCHANGED = { ETag: { ...etag, required: true } }

export function operation(described: Operation) {
  const { id, summary, description, permission, body, success, versioned = false, problems } = described
  const { status, ...answer } = success
  const parameters = versioned ? [...(described.parameters ?? []), ifNoneMatch] : described.parameters
  return {
    operationId: id,
    summary,
    security: securityOf(permission),
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(body) } }),
    responses: {
      [status]: versioned ? { ...answer, headers: ANSWERED } : answer,
      ...(versioned ? { 304: { description: 'Nothing has changed since that version.', headers: UNCHANGED } } : {}),
      ...problemResponses([...problems, ...(permission === null ? [] : OF_ACTORS), ...ALWAYS]),
    },
  }
}

/**
 * With a token where one can hold the permission: for a scheme without scopes of its own the list is what it must hold (OpenAPI
 * 3.1, "Security Requirement"). Else with a session alone.
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
