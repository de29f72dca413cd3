import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { z } from 'zod'

const operation = z.object({
  responses: z.record(
    z.string(),
    z.object({ content: z.record(z.string(), z.object({ schema: z.unknown() })).optional() }),
  ),
})

const webhook = z.object({
  post: z.object({
    requestBody: z.object({ content: z.object({ 'application/json': z.object({ schema: z.unknown() }) }) }),
  }),
})

const description = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  'x-webhooks': z.record(z.string(), z.unknown()).optional(),
})

/** Converts OpenAPI 3.0 to JSON Schema: `nullable` becomes a type, and an `enum` beside it need not list null. */
const asJsonSchema = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(asJsonSchema)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(
    ([key]) => key !== 'nullable' && key !== 'example' && key !== 'discriminator',
  )
  const plain = Object.fromEntries(entries.map(([key, inner]) => [key, asJsonSchema(inner)]))
  return 'nullable' in value && value.nullable === true ? { anyOf: [{ type: 'null' }, plain] } : plain
}

/** GitHub's answer to any error, even if the description does not list the status. */
const basicError = {
  type: 'object',
  required: ['message', 'documentation_url', 'status'],
  properties: {
    message: { type: 'string', minLength: 1 },
    documentation_url: { type: 'string', format: 'uri' },
    status: { type: 'string', pattern: '^[45][0-9]{2}$' },
  },
}

const GENERAL_ERRORS = new Set([400, 401, 403, 404, 409, 422])

export interface Description {
  /** The differences between an answer and the description, in words. */
  readonly problems: (method: string, template: string, status: number, contentType: string, body: unknown) => string[]
  /** The same for a webhook's payload, by event and action, such as `workflow-run-completed`. */
  readonly webhookProblems: (event: string, body: unknown) => string[]
}

/** GitHub's published description of its REST API, as a checker of answers. */
export const loadDescription = (name: 'api.github.com' | 'ghes-3.19'): Description => {
  const file = createRequire(import.meta.url).resolve(`@octokit/openapi/generated/${name}.deref.json`)
  const { paths, 'x-webhooks': webhooks = {} } = description.parse(JSON.parse(readFileSync(file, 'utf8')))
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false })
  addFormats(ajv)
  const compiled = new Map<string, ValidateFunction>()
  const validator = (key: string, schema: unknown): ValidateFunction => {
    const known = compiled.get(key)
    if (known) return known
    const fresh = ajv.compile(z.record(z.string(), z.unknown()).parse(asJsonSchema(schema)))
    compiled.set(key, fresh)
    return fresh
  }
  const check = (key: string, schema: unknown, body: unknown): string[] => {
    const validate = validator(key, schema)
    if (validate(body)) return []
    return (validate.errors ?? []).slice(0, 8).map((error) => `${error.instancePath} ${error.message}`)
  }
  return {
    webhookProblems: (event, body) => {
      const found = webhook.safeParse(webhooks[event])
      if (!found.success) return [`${name} does not describe the event ${event}`]
      return check(event, found.data.post.requestBody.content['application/json'].schema, body)
    },
    problems: (method, template, status, contentType, body) => {
      const found = paths[template]?.[method.toLowerCase()]
      if (found === undefined) return [`${name} does not describe ${method} ${template}`]
      const error = GENERAL_ERRORS.has(status) ? check('error', basicError, body) : []
      const response = operation.parse(found).responses[String(status)]
      if (!response) return GENERAL_ERRORS.has(status) ? error : [`${status} is not described`]
      if (!response.content) return body === undefined ? [] : ['a body where none is described']
      const media = response.content['application/json']
      if (!media || !contentType.startsWith('application/json')) return [`content type ${contentType}`]
      return [...error, ...check(`${method} ${template} ${status}`, media.schema, body)]
    },
  }
}
