import 'server-only'
import { setTimeout } from 'node:timers/promises'
import {
  context,
  DiagLogLevel,
  diag,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-node'
import type { Tracing } from '~/server/platform/tracing'

/** A collector that does not answer must not delay the end of the process. */
const STOP_WITHIN_MS = 2_000

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT } as const

/**
 * Exports spans over OTLP/HTTP, Next's own included. The exporter reads OTEL_EXPORTER_OTLP_* itself, the sampler OTEL_TRACES_SAMPLER.
 * Imported only by `startTracing` (docs/adr/051).
 */
export function startOpenTelemetry(about: {
  readonly serviceName: string
  readonly version: string
  readonly warn: (message: string) => void
}): Tracing {
  const { serviceName, version, warn } = about
  const quiet = () => undefined
  diag.setLogger(
    { error: warn, warn: quiet, info: quiet, debug: quiet, verbose: quiet },
    // Its warnings are about spans that Next goes on to describe after their answer has ended.
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
  )
  const resource = resourceFromAttributes({ 'service.name': serviceName, 'service.version': version })
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(detectResources({ detectors: [envDetector] }))
      .merge(resource),
    spanProcessors: [withoutSecrets, new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  provider.register()
  const tracer = provider.getTracer('deploy-console')
  const present = () => trace.getActiveSpan()?.spanContext()
  return {
    begin: (name, { kind, attributes = {}, headers, isRoot = false }) => {
      const root = headers === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, headers)
      const parent = headers !== undefined || isRoot ? root : context.active()
      const span = tracer.startSpan(
        name,
        { attributes, kind: kind === undefined ? SpanKind.INTERNAL : KINDS[kind] },
        parent,
      )
      return {
        run: (work) => context.with(trace.setSpan(parent, span), work),
        end: (more, isFailure) => {
          span.setAttributes(more)
          if (isFailure) span.setStatus({ code: SpanStatusCode.ERROR })
          span.end()
        },
      }
    },
    traceId: () => present()?.traceId,
    traceparent: () => {
      const span = present()
      if (span === undefined) return undefined
      const flags = (span.traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0')
      return `00-${span.traceId}-${span.spanId}-${flags}`
    },
    stop: async () => {
      await Promise.race([provider.shutdown(), setTimeout(STOP_WITHIN_MS, undefined, { ref: false })])
    },
  }
}

/**
 * Next names the addresses of requests. They can hold the secret of a link, or a sign-in code in the query, so both are cut out before
 * anything is exported.
 */
const withoutSecrets: SpanProcessor = {
  onStart: (span) => {
    for (const [key, value] of Object.entries(span.attributes)) {
      if (typeof value === 'string' && value !== withoutAddressSecrets(value)) {
        span.setAttribute(key, withoutAddressSecrets(value))
      }
    }
    span.updateName(withoutAddressSecrets(span.name))
  },
  onEnd: () => undefined,
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
}

/** Route patterns stay. */
export const withoutAddressSecrets = (text: string): string =>
  text.replace(/[?#]\S*/g, '').replace(/\/(setup|invite|api\/auth)\/(?![[{])[^\s]+/g, '/$1/…')
