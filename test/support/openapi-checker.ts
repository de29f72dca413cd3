import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { z } from 'zod'

const described = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        responses: z.record(
          z.string(),
          z.object({
            headers: z.record(z.string(), z.object({ required: z.boolean().optional() })).optional(),
            content: z.record(z.string(), z.unknown()).optional(),
          }),
        ),
      }),
    ),
  ),
})

export interface Exchange {
  readonly method: string
  readonly template: string
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

const pointer = (...parts: readonly string[]) =>
  parts.map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')

/** Describes how an answer differs from the console's own OpenAPI document; empty if it does not. */
export function openApiChecker(document: object) {
  const { paths } = described.parse(document)
  const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false })
  addFormats(ajv)
  ajv.addSchema(document, 'console')

  const errorsOf = (place: string, body: unknown): string[] => {
    const validate = ajv.compile({ $ref: `console#${place}` })
    return validate(body) ? [] : [ajv.errorsText(validate.errors)]
  }

  return ({ method, template, status, headers, body }: Exchange): string[] => {
    const mediaType = headers.get('content-type')?.split(';')[0] ?? ''
    const name = method.toLowerCase()
    const operation = paths[template]?.[name]
    // A method that an address does not support is described once for all of them.
    if (operation === undefined) {
      return status === 405 ? errorsOf('/components/schemas/Problem', body) : [`${method} ${template} is not described`]
    }
    const answer = operation.responses[status]
    if (answer === undefined) return [`${method} ${template}: ${status} is not described: ${JSON.stringify(body)}`]
    const required = Object.entries(answer.headers ?? {}).filter(([, header]) => header.required === true)
    const missing = required.map(([header]) => header).filter((header) => !headers.has(header))
    if (missing.length > 0) return [`${method} ${template}: ${status} without ${missing.join(', ')}`]
    if (answer.content === undefined) return body === '' ? [] : [`${method} ${template}: ${status} with a body`]
    if (answer.content[mediaType] === undefined) return [`${method} ${template}: ${status} as ${mediaType}`]
    return errorsOf(pointer('paths', template, name, 'responses', String(status), 'content', mediaType, 'schema'), body)
  }
}
