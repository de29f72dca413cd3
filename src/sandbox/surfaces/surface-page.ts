import { html } from '~/sandbox/html/html'
import { page } from '~/sandbox/html/layout'
import type { Answer } from '~/sandbox/http/answer'
import type { SurfaceDeclaration } from '~/sandbox/state/config'
import type { Release } from '~/sandbox/surfaces/surface-state'

/** What a visitor of the surface sees: what it is, where it runs, which version. */
export const surfacePage = (surface: SurfaceDeclaration, release: Release): Answer =>
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
