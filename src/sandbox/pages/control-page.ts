import { html, type Markup } from '~/sandbox/html/html'
import { githubPage, type Site } from '~/sandbox/html/layout'
import type { Answer } from '~/sandbox/http/answer'
import { duration, short, standing } from '~/sandbox/pages/run-page'
import type { RunRecord } from '~/sandbox/runs/run-record'
import type { RunStore } from '~/sandbox/runs/run-store'
import { repositoryOfSurface } from '~/sandbox/samples/repositories'
import { isFrozen, type Variables } from '~/sandbox/state/variables'
import { behaviours, explained } from '~/sandbox/surfaces/behaviour'
import type { SurfacePlatform } from '~/sandbox/surfaces/surface-platform'

export interface ControlPageDeps extends Site {
  readonly surfaces: ReadonlyMap<string, SurfacePlatform>
  readonly variables: Variables
  readonly store: RunStore
}

const health = (platform: SurfacePlatform): Markup => {
  const instance = platform.inService()
  if (!instance) return html`<span class="bad">✗ down</span>`
  if (platform.isDeploying()) return html`<span class="busy">● deploying</span>`
  return instance.release.healthy
    ? html`<span class="good">✓ healthy</span>`
    : html`<span class="bad">✗ unhealthy</span>`
}

const surfaceRow = (platform: SurfacePlatform): Markup => {
  const { surface } = platform
  const version = platform.inService()?.release.version ?? ''
  return html`<tr><td><a href="/surfaces/${surface.id}/">${surface.name}</a><br><span class="soft">${surface.id} · ${surface.environment}</span></td>
<td>${health(platform)}</td>
<td><a href="/${repositoryOfSurface(surface)}/commit/${version}"><code>${short(version)}</code></a></td>
<td><form method="post" action="/control/surfaces/${surface.id}">
<label class="soft" for="behaviour-${surface.id}">At the next deploy</label>
<select id="behaviour-${surface.id}" name="behaviour">${behaviours.map(
    (name) => html`<option value="${name}"${name === platform.behaviour() && html` selected`}>${name}</option>`,
  )}</select><button>Set</button></form></td></tr>`
}

const runRow = (run: RunRecord): Markup =>
  html`<tr><td>${standing(run.status, run.conclusion)}</td><td><a href="/${run.repository}/actions/runs/${run.runId}">${run.workflow.name} #${run.runNumber}</a><br><span class="soft">${run.displayTitle}</span></td>
<td><time>${run.createdAt}</time></td>
<td>${run.status === 'completed' ? duration(run.startedAt, run.updatedAt, new Date()) : ''}</td></tr>`

const freezeMarkup = (value: string): Markup =>
  isFrozen(value)
    ? html`<p>❄ Production is frozen: ${value}</p><form method="post" action="/control/freeze"><input type="hidden" name="reason" value=""><button>Lift the freeze</button></form>`
    : html`<p>Production is not frozen.</p><form method="post" action="/control/freeze"><label for="reason">Reason</label><input id="reason" name="reason" required maxlength="500"><button>Freeze</button></form>`

/** The control page: the sample surfaces, the freeze and the latest runs. */
export const controlPage = ({ consoleUrl, surfaces, variables, store }: ControlPageDeps): Answer => {
  const runs = store.latest().slice(0, 20)
  return githubPage(
    { consoleUrl },
    {
      title: 'Sandbox',
      body: html`<h1>Sandbox</h1>
<p class="note">A local GitHub with two repositories, a runner for their workflows, and the surfaces they deploy. Nothing here leaves this machine.</p>
<h2>Sample surfaces</h2>
<div class="scroll"><table class="stacked"><thead><tr><th>Surface</th><th>State</th><th>Version</th><th>Behaviour</th></tr></thead><tbody>${[...surfaces.values()].map(surfaceRow)}</tbody></table></div>
<dl>${behaviours.map((name) => html`<dt>${name}</dt><dd>${explained[name]}</dd>`)}</dl>
<h2>Repository variable DEPLOY_FREEZE</h2>${freezeMarkup(variables.find('DEPLOY_FREEZE')?.value ?? '')}
<h2>Latest runs</h2>${
        runs.length === 0
          ? html`<p class="note">No workflow has run yet. Deploy a surface from the console.</p>`
          : html`<div class="scroll"><table class="stacked"><tbody>${runs.map(runRow)}</tbody></table></div>`
      }`,
    },
  )
}
