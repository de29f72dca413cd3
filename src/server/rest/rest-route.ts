import 'server-only'
import { validate as isUuid } from 'uuid'
import type { z } from 'zod'
import type { Actor } from '~/domain/actor'
import { dispatchInput } from '~/domain/deploy/request'
import { AppError } from '~/domain/errors'
import { surfaceId } from '~/domain/input'
import type { Permission } from '~/domain/permissions'
import { authorize } from '~/server/auth/authorize'
import { askedBy, authenticate } from '~/server/auth/sessions/read-session'
import { type Deps, getDeps } from '~/server/deps'
import { logAppError, problemResponse, toAppError } from '~/server/platform/http/problem'
import { limitAccount } from '~/server/platform/http/rate-limits'
import { parseInput, parseJson, readBoundedBody } from '~/server/platform/http/read-body'
import { refuseOverLimit, refuseRequest } from '~/server/platform/http/refuse-request'
import { authenticateToken, bringsToken } from '~/server/tokens/authenticate-token'

export interface RestCall {
  readonly deps: Deps
  readonly actor: Actor
  readonly request: Request
}

interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/**
 * Makes a route handler from a use case: refuses other sites, answers JSON that nothing may cache, and converts errors to
 * problem documents. `Params` are the parameters in the address, by name.
 */
export function restRoute<Params>(
  permission: Permission,
  answer: (call: RestCall, params: Params) => Promise<Answer | Response>,
) {
  const handler = async (request: Request, context: { readonly params: Promise<Params> }): Promise<Response> => {
    const deps = getDeps()
    // A page of another site does not know an API token, so the origin is checked only for requests without one.
    const refused = bringsToken(request.headers) ? refuseOverLimit(deps, request) : refuseRequest(deps, request)
    if (refused !== null) return refused
    try {
      const { headers } = request
      const caller = (await authenticateToken(deps, headers)) ?? (await authenticate(deps, headers, askedBy(request)))
      const actor = limitAccount(deps, authorize(caller, permission))
      const answered = await answer({ deps, actor, request }, await context.params)
      if (answered instanceof Response) return answered
      const { status = 200, headers: more = {}, body } = answered
      return Response.json(body, { status, headers: { 'cache-control': 'no-store', ...more } })
    } catch (thrown) {
      const error = toAppError(thrown)
      logAppError(deps.logger, error, { method: request.method, path: new URL(request.url).pathname })
      return problemResponse(error)
    }
  }
  // The test that walks over every route reads the permission.
  return Object.assign(handler, { permission })
}

/** Makes a route handler for callers that have no session yet: refuses other sites' pages, and limits the rate of an address. */
export function publicRoute(answer: (call: Omit<RestCall, 'actor'>) => Promise<Answer>) {
  return async (request: Request): Promise<Response> => {
    const deps = getDeps()
    const refused = refuseRequest(deps, request)
    if (refused !== null) return refused
    try {
      const { status = 200, headers = {}, body } = await answer({ deps, request })
      return Response.json(body, { status, headers: { 'cache-control': 'no-store', ...headers } })
    } catch (thrown) {
      const error = toAppError(thrown)
      logAppError(deps.logger, error, { method: request.method, path: new URL(request.url).pathname })
      return problemResponse(error)
    }
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Handlers for every method but the allowed ones: 405 with `Allow` (RFC 9110, 15.5.6). */
export function refuseMethods(...allowed: readonly Method[]) {
  const allow = [...allowed, ...(allowed.some((method) => method === 'GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
  const refuse = (request: Request): Response => {
    const detail = `This address does not support ${request.method}. Nothing was done. Use one of ${allow}.`
    return problemResponse(new AppError('method_refused', detail), { allow })
  }
  const OPTIONS = () => new Response(null, { status: 204, headers: { allow } })
  return { GET: refuse, POST: refuse, PUT: refuse, PATCH: refuse, DELETE: refuse, OPTIONS }
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** A view with its member names in snake_case, as REST spells them. Values are unchanged. */
export function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [snake(name), snakeCase(inner)]))
}

/** A dispatch takes a few hundred bytes. The rest is room for a long reason in any script. */
const BODY_LIMIT = 16 * 1024

/** The request's body. Only JSON, which a form of another site cannot send without a CORS preflight. */
export async function readJson<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.output<Schema>> {
  const mediaType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') {
    throw new AppError(
      'media_type_refused',
      'The body is not declared as JSON. Nothing was read. Send it with "content-type: application/json".',
    )
  }
  return parseJson(await readBoundedBody(request, BODY_LIMIT), schema)
}

/** The deploy id in the address. Throws `invalid_id`. */
export const deployIdOf = (id: string): string => uuidOf('deploy', id)

export const approvalIdOf = (id: string): string => uuidOf('approval', id)

export const queuedIdOf = (id: string): string => uuidOf('queued request', id)

export const freezeIdOf = (id: string): string => uuidOf('freeze', id)

/** The surface id in the address. Throws `invalid_input`. */
export const surfaceIdOf = (id: string): string => parseInput(id, surfaceId, 'The surface id in the address')

function uuidOf(noun: string, id: string): string {
  if (isUuid(id)) return id
  throw new AppError('invalid_id', `The ${noun} id in the address is not a UUID. Nothing was done. Check the address.`)
}

/**
 * The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header): a string in double quotes (RFC 8941, 3.3.3), or
 * bare, as most scripts send it.
 */
export function idempotencyKeyOf(request: Request): string {
  const header = request.headers.get('idempotency-key')?.trim() ?? ''
  if (header === '') {
    throw new AppError(
      'idempotency_key_missing',
      'The Idempotency-Key header is missing. Nothing was deployed. Send a new key for each deploy.',
    )
  }
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header)?.[1]
  const key = quoted === undefined ? header : quoted.replaceAll(/\\(["\\])/g, '$1')
  return parseInput(key, dispatchInput.shape.idempotencyKey, 'The Idempotency-Key header')
}
