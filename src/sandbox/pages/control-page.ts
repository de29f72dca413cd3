import { html, type Markup } from '~/sandbox/html/html'
import { githubPage, type Site } from '~/sandbox/html/layout'
import type { Answer } from '~/sandbox/http/answer'
import { duration, short, standing } from '~/sandbox/pages/run-page'
import { type PendingDeployments, waitingRuns } from '~/sandbox/runs/pending-deployments'
import type { RunRecord } from '~/sandbox/runs/run-record'
import type { RunStore } from '~/sandbox/runs/run-store'
import { people, tokenOwner } from '~/sandbox/samples/people'
import { repositoryOfSurface, STOREFRONT } from '~/sandbox/samples/repositories'
import type { SurfaceDeclaration } from '~/sandbox/state/config'
import type { Environment, Environments } from '~/sandbox/state/environments'
import { isFrozen, type Variables } from '~/sandbox/state/variables'
import { type Behaviour, behaviours, explained, ofLegs } from '~/sandbox/surfaces/behaviour'
import type { SurfacePlatform } from '~/sandbox/surfaces/surface-platform'

export interface ControlPageDeps extends Site {
  readonly surfaces: ReadonlyMap<string, SurfacePlatform>
  readonly variables: Variables
  readonly store: RunStore
  readonly pending: PendingDeployments
  /** The environments of acme/storefront. */
  readonly environments: Environments
}

const health = (platform: SurfacePlatform): Markup => {
  const instance = platform.inService()
  if (!instance) return html`<span class="bad">✗ down</span>`
  if (platform.isDeploying()) return html`<span class="busy">● deploying</span>`
  return instance.release.healthy
    ? html`<span class="good">✓ healthy</span>`
    : html`<span class="bad">✗ unhealthy</span>`
}

const behavioursOf = (surface: SurfaceDeclaration): readonly Behaviour[] =>
  behaviours.filter((name) => repositoryOfSurface(surface) === STOREFRONT || !ofLegs.has(name))

const surfaceRow = (platform: SurfacePlatform): Markup => {
  const { surface } = platform
  const version = platform.inService()?.release.version ?? ''
  return html`<tr><td><a href="/surfaces/${surface.id}/">${surface.name}</a><br><span class="soft">${surface.id} · ${surface.environment}</span></td>
<td>${health(platform)}</td>
<td><a href="/${repositoryOfSurface(surface)}/commit/${version}"><code>${short(version)}</code></a></td>
<td><form method="post" action="/control/surfaces/${surface.id}">
<label class="soft" for="behaviour-${surface.id}">At the next deploy</label>
<select id="behaviour-${surface.id}" name="behaviour">${behavioursOf(surface).map(
    (name) => html`<option value="${name}"${name === platform.behaviour() && html` selected`}>${name}</option>`,
  )}</select><button>Set</button></form></td></tr>`
}

const reviewMarkup = (environments: Environments, pending: PendingDeployments, run: RunRecord): Markup => {
  const names = [...new Set(pending.of(run.runId).map(({ environment }) => environment))]
  const reviewers = names.flatMap((name) => environments.find(name)?.reviewers ?? [])
  const timer = Math.max(...names.map((name) => environments.find(name)?.waitTimer ?? 0))
  return html`<tr><td><a href="/${run.repository}/actions/runs/${run.runId}">${run.workflow.name} #${run.runNumber}</a><br><span class="soft">${run.displayTitle}</span></td>
<td>${names.join(', ')}${timer > 0 && html`<br><span class="soft">wait timer: ${timer} minutes</span>`}</td>
<td><form method="post" action="/control/reviews"><input type="hidden" name="run" value="${run.runId}">
${
  reviewers.length > 0 &&
  html`<label class="soft" for="reviewer-${run.runId}">Review as</label><select id="reviewer-${run.runId}" name="reviewer">${[
    ...new Set(reviewers),
  ].map((login) => html`<option>${login}</option>`)}</select>
<button name="state" value="approved">Approve</button><button name="state" value="rejected">Reject</button>`
}
<button name="state" value="started">Start without waiting</button></form></td></tr>`
}

/** Who may review deployments to an environment, as far as the form offers it. */
const REVIEWERS: Readonly<Record<string, string>> = {
  '': 'nobody',
  [people.mei.login]: 'Mei Tanaka',
  [`${people.mei.login},${tokenOwner.login}`]: 'Mei Tanaka, the console’s token',
}

const environmentRow = ({ name, waitTimer, reviewers }: Environment): Markup =>
  html`<tr><td>${name}</td><td><form method="post" action="/control/environments/${name}">
<label class="soft" for="reviewers-${name}">Required reviewers</label>
<select id="reviewers-${name}" name="reviewers">${Object.entries(REVIEWERS).map(
    ([logins, label]) =>
      html`<option value="${logins}"${logins === reviewers.join(',') && html` selected`}>${label}</option>`,
  )}</select>
<label class="soft" for="wait-${name}">Wait timer (minutes)</label><input id="wait-${name}" name="wait_timer" type="number" min="0" max="43200" value="${waitTimer}" required>
<button>Set</button></form></td></tr>`

const runRow = (run: RunRecord): Markup =>
  html`<tr><td>${standing(run.status, run.conclusion)}</td><td><a href="/${run.repository}/actions/runs/${run.runId}">${run.workflow.name} #${run.runNumber}</a><br><span class="soft">${run.displayTitle}</span></td>
<td><time>${run.createdAt}</time></td>
<td>${run.status === 'completed' ? duration(run.startedAt, run.updatedAt, new Date()) : ''}</td></tr>`

const freezeMarkup = (value: string): Markup =>
  isFrozen(value)
    ? html`<p>❄ Production is frozen: ${value}</p><form method="post" action="/control/freeze"><input type="hidden" name="reason" value=""><button>Lift the freeze</button></form>`
    : html`<p>Production is not frozen.</p><form method="post" action="/control/freeze"><label for="reason">Reason</label><input id="reason" name="reason" required maxlength="500"><button>Freeze</button></form>`

/** The control page: what waits for a review, the sample surfaces, the freeze, the environments and the latest runs. */
export const controlPage = (deps: ControlPageDeps): Answer => {
  const { consoleUrl, surfaces, variables, store, pending, environments } = deps
  const waiting = waitingRuns(store, pending)
  const runs = store.latest().slice(0, 20)
  return githubPage(
    { consoleUrl },
    {
      title: 'Sandbox',
      body: html`<h1>Sandbox</h1>
<p class="note">A local GitHub with two repositories, a runner for their workflows, and the surfaces they deploy. Nothing here leaves this machine.</p>
${
  waiting.length > 0 &&
  html`<h2>Waiting for a review</h2><div class="scroll"><table class="stacked"><tbody>${waiting.map((run) => reviewMarkup(environments, pending, run))}</tbody></table></div>`
}
<h2>Sample surfaces</h2>
<div class="scroll"><table class="stacked"><thead><tr><th>Surface</th><th>State</th><th>Version</th><th>Behaviour</th></tr></thead><tbody>${[...surfaces.values()].map(surfaceRow)}</tbody></table></div>
<dl>${behaviours.map((name) => html`<dt>${name}</dt><dd>${explained[name]}</dd>`)}</dl>
<h2>Repository variable DEPLOY_FREEZE</h2>${freezeMarkup(variables.find('DEPLOY_FREEZE')?.value ?? '')}
<h2>Environments of ${STOREFRONT}</h2>
<div class="scroll"><table class="stacked"><tbody>${environments.list().map(environmentRow)}</tbody></table></div>
<h2>Latest runs</h2>${
        runs.length === 0
          ? html`<p class="note">No workflow has run yet. Deploy a surface from the console.</p>`
          : html`<div class="scroll"><table class="stacked"><tbody>${runs.map(runRow)}</tbody></table></div>`
      }`,
    },
  )
}
