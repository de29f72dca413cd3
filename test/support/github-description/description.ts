import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { z } from 'zod'

const media = z.object({ content: z.object({ 'application/json': z.object({ schema: z.unknown() }).optional() }) })
const responses = z.object({
  responses: z.record(z.string(), z.object({ $ref: z.string().optional(), content: z.unknown().optional() })),
})
const description = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  webhooks: z.record(z.string(), z.object({ post: z.object({ requestBody: media }) })),
  components: z.record(z.string(), z.record(z.string(), z.unknown())),
})

const read = (name: string) =>
  description.parse(JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')))

/** Converts OpenAPI 3.0 to JSON Schema: `nullable` becomes a type, and an `enum` beside it need not list null. */
const asJsonSchema = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(asJsonSchema)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([key]) => key !== 'nullable')
  const plain = Object.fromEntries(
    entries.map(([key, inner]) => [key, key === '$ref' ? `github${String(inner)}` : asJsonSchema(inner)]),
  )
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

/**
 * GitHub's published description of its REST API, as a checker of answers. `renew.ts` takes it from GitHub's package and
 * keeps the addresses and events that it lists.
 */
export const loadDescription = (name: 'api.github.com' | 'ghes-3.19'): Description => {
  const { paths, webhooks, components } = read(name)
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false })
  addFormats(ajv)
  ajv.addSchema({ $id: 'github', components: asJsonSchema(components) })
  const compiled = new Map<string, ValidateFunction>()
  const check = (key: string, schema: unknown, body: unknown): string[] => {
    const validate = compiled.get(key) ?? ajv.compile(z.record(z.string(), z.unknown()).parse(asJsonSchema(schema)))
    compiled.set(key, validate)
    if (validate(body)) return []
    return (validate.errors ?? []).slice(0, 8).map((error) => `${error.instancePath} ${error.message}`)
  }
  return {
    webhookProblems: (event, body) => {
      const found = webhooks[event]
      if (!found) return [`${name} does not describe the event ${event}`]
      return check(event, found.post.requestBody.content['application/json']?.schema, body)
    },
    problems: (method, template, status, contentType, body) => {
      const found = paths[template]?.[method.toLowerCase()]
      if (found === undefined) return [`${name} does not describe ${method} ${template}`]
      const error = GENERAL_ERRORS.has(status) ? check('error', basicError, body) : []
      const listed = responses.parse(found).responses[String(status)]
      if (!listed) return GENERAL_ERRORS.has(status) ? error : [`${status} is not described`]
      const response = listed.$ref ? components['responses']?.[listed.$ref.split('/').at(-1) ?? ''] : listed
      const described = media.safeParse(response)
      if (!described.success) return body === undefined ? [] : ['a body where none is described']
      const json = described.data.content['application/json']
      if (!json || !contentType.startsWith('application/json')) return [`content type ${contentType}`]
      return [...error, ...check(`${method} ${template} ${status}`, json.schema, body)]
    },
  }
}

/** The members that GitHub describes for a webhook's payload, to be looked up by path. */
export const describesEvent = (event: string, payload: unknown): boolean => {
  const { webhooks, components } = read('api.github.com')
  const found = webhooks[event]
  return (
    found !== undefined && describes(found.post.requestBody.content['application/json']?.schema, payload, components)
  )
}

const shape = z.object({
  $ref: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
})

/** Whether a described object has these members, however deep. */
function describes(described: unknown, value: unknown, components: z.infer<typeof description>['components']): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return described !== undefined
  const { $ref, properties = {}, allOf = [], anyOf = [], oneOf = [] } = shape.parse(described)
  const referred = $ref === undefined ? [] : [components['schemas']?.[$ref.split('/').at(-1) ?? '']]
  return Object.entries(value).every(
    ([name, inner]) =>
      (properties[name] !== undefined && describes(properties[name], inner, components)) ||
      [...referred, ...allOf, ...anyOf, ...oneOf].some((part) => describes(part, { [name]: inner }, components)),
  )
}
