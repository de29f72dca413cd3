import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { html } from '~/sandbox/html/html'
import { page } from '~/sandbox/html/layout'
import { type Answer, json, writeAnswer } from '~/sandbox/http/answer'
import { drainServer, listen } from '~/sandbox/http/listen'
import type { SurfaceDeclaration } from '~/sandbox/state/config'
import type { Release } from '~/sandbox/surfaces/surface-platform'

/** The surface's own page: its name, environment and version. */
const surfacePage = (surface: SurfaceDeclaration, release: Release): Answer =>
  page({
    title: `${surface.name} · ${surface.environment}`,
    body: html`<main>
      <h1>${surface.name}</h1>
      <p>${surface.environment}</p>
      <dl>
        <dt>Version</dt><dd><code>${release.version}</code></dd>
        <dt>From</dt><dd>${release.ref}</dd>
        <dt>Since</dt><dd><time>${release.deployedAt}</time></dd>
      </dl>
      <p class="note">A sample surface of the sandbox.</p>
    </main>`,
  })

/** A running version of a surface: a server on its own loopback port. */
export interface SurfaceInstance {
  readonly release: Release
  readonly port: number
  readonly stop: () => Promise<void>
}

interface InstanceOptions {
  readonly surface: SurfaceDeclaration
  readonly release: Release
  readonly warmUpMs: number
}

/** A replaced version still answers its open requests for this long. */
const DRAIN_MS = 1_000

const isHealthy = ({ healthy, unhealthyFrom }: Release): boolean =>
  healthy && (unhealthyFrom === undefined || Date.now() < Date.parse(unhealthyFrom))

const health = (release: Release): Answer => {
  const { version } = release
  return isHealthy(release) ? json(200, { status: 'ok', version }) : json(503, { status: 'unhealthy', version })
}

/** Starts the server of a version. The platform adds the delay of a boot. */
export const startInstance = async ({ surface, release, warmUpMs }: InstanceOptions): Promise<SurfaceInstance> => {
  const stopped = new AbortController()
  const warm = delay(warmUpMs, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined)
  const answer = async (path: string): Promise<Answer> => {
    switch (path) {
      case '/health':
        await warm
        return health(release)
      case '/version':
        return json(200, { version: release.version, ref: release.ref, deployed_at: release.deployedAt })
      case '/':
        return surfacePage(surface, release)
      default:
        return json(404, { error: `${surface.name} has no ${path}` })
    }
  }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://surface')
    answer(pathname).then(
      (ready) => writeAnswer(request, response, ready),
      () => response.destroy(),
    )
  })
  const port = await listen(server, [])
  return {
    release,
    port,
    stop: () => {
      stopped.abort()
      return drainServer(server, DRAIN_MS)
    },
  }
}
