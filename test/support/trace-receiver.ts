import { once } from 'node:events'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { z } from 'zod'
import { waitFor } from '~/launch/machine/wait-for'

const attribute = z.object({ key: z.string(), value: z.looseObject({}) })
const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  attributes: z.array(attribute).default([]),
})
export type ReceivedSpan = z.output<typeof span>

/** The body of OTLP/HTTP with JSON (https://opentelemetry.io/docs/specs/otlp). */
const body = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(attribute) }),
      scopeSpans: z.array(z.object({ spans: z.array(span) })),
    }),
  ),
})

/** An OpenTelemetry collector that keeps what it is sent. */
export async function startTraceReceiver() {
  const spans: ReceivedSpan[] = []
  const resources: unknown[] = []
  const server = createServer(async (request, response) => {
    const { resourceSpans } = body.parse(await json(request))
    for (const { resource, scopeSpans } of resourceSpans) {
      resources.push(...resource.attributes)
      spans.push(...scopeSpans.flatMap((scope) => scope.spans))
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    spans,
    resources,
    /** The environment of a process that exports to this receiver, and soon. */
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
      OTEL_BSP_SCHEDULE_DELAY: '50',
    },
    /** The spans of a trace, once one of them has this name. */
    async traceWith(name: string, of?: string): Promise<readonly ReceivedSpan[]> {
      const found = await waitFor(
        async () => spans.find((one) => one.name === name && (of === undefined || one.traceId === of)),
        { withinMs: 30_000 },
      )
      if (found === undefined)
        throw new Error(`No span ${name} arrived, but ${spans.map((one) => one.name).join(', ')}`)
      return spans.filter(({ traceId }) => traceId === found.traceId)
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
