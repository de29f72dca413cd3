import 'server-only'

type Attributes = Readonly<Record<string, string | number>>

interface SpanOptions {
  readonly kind?: 'server' | 'client'
  readonly attributes?: Attributes
  /** The headers of a request, whose `traceparent` is continued. Without it, and without `isRoot`, the span is part of the present one. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>
  readonly isRoot?: boolean
}

interface RunningSpan {
  /** Runs work as part of the span. */
  readonly run: <Result>(work: () => Result) => Result
  readonly end: (attributes: Attributes, isFailure: boolean) => void
}

/** What `open-telemetry.ts` offers. That file is loaded only if traces are on. */
export interface Tracing {
  readonly begin: (name: string, options: SpanOptions) => RunningSpan
  readonly traceId: () => string | undefined
  /** The present span as the header `traceparent` names it (W3C Trace Context). */
  readonly traceparent: () => string | undefined
  /** Sends what was not sent yet. */
  readonly stop: () => Promise<void>
}

declare global {
  /** On globalThis, because Next loads routes and instrumentation as separate modules. Undefined: traces are off. */
  var deployConsoleTracing: Tracing | undefined
}

export const tracing = (): Tracing | undefined => globalThis.deployConsoleTracing

/** Empty if traces are off. */
export const presentTraceparent = (): string => tracing()?.traceparent() ?? ''

/** What a process logs if its traces cannot be sent. They are lost, and nothing else is. */
export const TRACES_FAIL = 'traces cannot be sent'

interface TracingConfig {
  /** OTEL_EXPORTER_OTLP_ENDPOINT. Undefined: traces are off. */
  readonly tracesEndpoint: string | undefined
  readonly serviceName: string
}

/** Starts the traces of this process, if they are on. The libraries are not even loaded otherwise. */
export async function startTracing(
  { tracesEndpoint, serviceName }: TracingConfig,
  about: { readonly version: string; readonly warn: (message: string) => void },
): Promise<void> {
  if (tracesEndpoint === undefined) return
  const { startOpenTelemetry } = await import('~/server/platform/open-telemetry')
  globalThis.deployConsoleTracing = startOpenTelemetry({ serviceName, ...about })
}

/** Runs work as a span. `note` adds what is known only later. A throw marks the span as failed. */
export async function inSpan<Result>(
  name: string,
  options: SpanOptions,
  work: (note: (attributes: Attributes) => void) => Promise<Result>,
): Promise<Result> {
  const span = tracing()?.begin(name, options)
  if (span === undefined) return work(() => undefined)
  let noted: Attributes = {}
  const note = (attributes: Attributes) => {
    noted = { ...noted, ...attributes }
  }
  try {
    const result = await span.run(() => work(note))
    span.end(noted, false)
    return result
  } catch (error) {
    span.end(noted, true)
    throw error
  }
}
