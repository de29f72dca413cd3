import 'server-only'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** The metrics that this process counts itself (docs/operations/observe.md). Every label has a bounded set of values. */
export interface Metrics {
  readonly registry: Registry
  readonly httpRequests: Counter<'route' | 'method' | 'class'>
  readonly httpSeconds: Histogram<'route'>
  readonly callbacks: Counter<'outcome'>
  readonly webhooks: Counter<'event' | 'outcome'>
  readonly changeSeconds: Histogram
  readonly githubRequests: Counter<'kind' | 'answer'>
  readonly githubSeconds: Histogram<'kind'>
  readonly jobSeconds: Histogram<'task' | 'outcome'>
  readonly deploysEnded: Counter<'environment' | 'status' | 'shipped'>
  readonly deploySeconds: Histogram<'environment' | 'status'>
}

/** Each set of dependencies has its own registry, because tests create several in one process. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  return {
    registry,
    httpRequests: new Counter({
      name: 'deploy_console_http_requests_total',
      help: 'Requests that this process answered, by route, method and status class. `aborted`: the client left before the answer.',
      labelNames: ['route', 'method', 'class'],
      registers,
    }),
    httpSeconds: new Histogram({
      name: 'deploy_console_http_request_duration_seconds',
      help: 'Time from a request to the end of its answer, by route. Streams are left out.',
      labelNames: ['route'],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    callbacks: new Counter({
      name: 'deploy_console_callbacks_total',
      help: 'Callbacks of workflows, by outcome: `applied`, `repeated`, or the code of the refusal.',
      labelNames: ['outcome'],
      registers,
    }),
    webhooks: new Counter({
      name: 'deploy_console_webhooks_total',
      help: 'Webhooks of GitHub, by event and outcome: `followed`, `dropped`, or the code of the refusal.',
      labelNames: ['event', 'outcome'],
      registers,
    }),
    changeSeconds: new Histogram({
      name: 'deploy_console_change_to_stream_seconds',
      help: 'Time from the notice of a committed change to the event in the streams of windows.',
      buckets: [0.005, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    githubRequests: new Counter({
      name: 'deploy_console_github_requests_total',
      help: 'Requests to GitHub, by kind and answer. GitHub does not count answers 304. `none`: no answer arrived.',
      labelNames: ['kind', 'answer'],
      registers,
    }),
    githubSeconds: new Histogram({
      name: 'deploy_console_github_request_duration_seconds',
      help: 'Time until GitHub answered, by kind of request.',
      labelNames: ['kind'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
      registers,
    }),
    jobSeconds: new Histogram({
      name: 'deploy_console_job_duration_seconds',
      help: 'Time that queued jobs took, by task and outcome. A failed job is retried, or has used up its attempts.',
      labelNames: ['task', 'outcome'],
      buckets: [0.05, 0.25, 1, 5, 15, 60],
      registers,
    }),
    deploysEnded: new Counter({
      name: 'deploy_console_deploys_ended_total',
      help: 'Deploys that ended, by environment, status and what is proven about the deploy phase. One worker counts each.',
      labelNames: ['environment', 'status', 'shipped'],
      registers,
    }),
    deploySeconds: new Histogram({
      name: 'deploy_console_deploy_duration_seconds',
      help: 'Time from the request of a deploy to its end, by environment and status.',
      labelNames: ['environment', 'status'],
      buckets: [30, 60, 120, 300, 600, 1200, 2400, 3600],
      registers,
    }),
  }
}

/** What `sample` was told. Without a call for some labels, there is no such sample: absent, not zero. */
type Sample<Label extends string> = (value: number, labels?: Readonly<Record<Label, string>>) => void

/** A gauge that is read at each scrape. */
export function addGauge<Label extends string = never>(
  registry: Registry,
  about: { readonly name: string; readonly help: string; readonly labels?: readonly Label[] },
  read: (sample: Sample<Label>) => void | Promise<void>,
): void {
  const { name, help, labels = [] } = about
  const gauge: Gauge<Label> = new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    async collect() {
      // A gauge without labels is 0 after `reset`. `remove` makes it absent.
      if (labels.length === 0) gauge.remove()
      else gauge.reset()
      await read((value, values) => (values === undefined ? gauge.set(value) : gauge.set({ ...values }, value)))
    },
  })
}
