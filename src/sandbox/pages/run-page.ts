import { html, type Markup } from '~/sandbox/html/html'
import { githubPage, type Site } from '~/sandbox/html/layout'
import type { Answer } from '~/sandbox/http/answer'
import { type JobRecord, listedJobs, type RunRecord, type StepRecord } from '~/sandbox/runs/run-record'
import type { LogLine, RunStore } from '~/sandbox/runs/run-store'

/** The state of a run, job or step as a word and a shape, never as a colour alone. */
export const standing = (status: string, conclusion: string | null): Markup => {
  if (conclusion === 'success') return html`<span class="good">✓ success</span>`
  if (conclusion === 'failure' || conclusion === 'timed_out' || conclusion === 'startup_failure')
    return html`<span class="bad">✗ ${conclusion}</span>`
  if (conclusion !== null) return html`<span class="soft">– ${conclusion}</span>`
  if (status === 'in_progress') return html`<span class="busy">● in progress</span>`
  return html`<span class="soft">○ ${status}</span>`
}

/** The duration until the end or until now. Empty for a step that never ran. */
export const duration = (from: string | null, to: string | null, now: Date): string => {
  if (from === null) return ''
  const seconds = Math.max(0, Math.round(((to === null ? now.getTime() : Date.parse(to)) - Date.parse(from)) / 1000))
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m ${seconds % 60}s`
}

export const short = (sha: string): string => sha.slice(0, 7)

/** Longer logs are cut to their end. The page links to the whole log. */
const MOST_LINES = 500

const stepMarkup = (step: StepRecord, lines: readonly LogLine[], now: Date): Markup => {
  const shown = lines.slice(-MOST_LINES)
  const open = step.status === 'in_progress' || step.conclusion === 'failure'
  const label = html`${standing(step.status, step.conclusion)} ${step.name} <span class="soft">${step.conclusion !== 'skipped' && duration(step.startedAt, step.completedAt, now)}</span>`
  if (shown.length === 0) return html`<p>${label}</p>`
  const left = lines.length - shown.length
  return html`<details${open && html` open`}><summary>${label}</summary>
${left > 0 && html`<p class="note">The first ${left} lines are in the job's log.</p>`}
<pre>${shown.map(({ line }) => `${line}\n`)}</pre></details>`
}

const jobMarkup = (store: RunStore, run: RunRecord, job: JobRecord, now: Date): Markup => {
  const lines = store.readLog(run, job.id)
  const log = `/${run.repository}/actions/runs/${run.runId}/job/${job.id}/log`
  return html`<section id="job-${job.id}"><h2>${job.name} ${standing(job.status, job.conclusion)} <span class="soft">${job.conclusion !== 'skipped' && duration(job.startedAt, job.completedAt, now)}</span></h2>
${job.annotation !== null && html`<p>✗ ${job.annotation}</p>`}
${job.steps.map((step) =>
  stepMarkup(
    step,
    lines.filter((entry) => entry.step === step.number),
    now,
  ),
)}
${lines.length > 0 && html`<p><a href="${log}">Whole log</a></p>`}</section>`
}

/** A run with its jobs, steps, durations and logs. The page reloads until the run has ended. */
export const runPage = (site: Site, store: RunStore, run: RunRecord): Answer => {
  const now = new Date()
  const deployId = run.inputs['console_deploy_id'] ?? ''
  const inputs = Object.entries(run.inputs)
  return githubPage(site, {
    title: run.displayTitle,
    repository: run.repository,
    refresh: run.status === 'completed' ? undefined : 2,
    body: html`<h1>${run.displayTitle}</h1>
<p>${standing(run.status, run.conclusion)} · ${run.workflow.name} #${run.runNumber}${run.attempt > 1 && `, attempt ${run.attempt}`} · ${run.event} by ${run.actor} on ${run.refName}
at <a href="/${run.repository}/commit/${run.sha}"><code>${short(run.sha)}</code></a> · <time>${run.createdAt}</time></p>
${deployId !== '' && html`<p><a href="${site.consoleUrl}/deploys/${encodeURIComponent(deployId)}">This deploy in the Deploy Console</a></p>`}
${inputs.length > 0 && html`<dl>${inputs.map(([name, value]) => html`<dt>${name}</dt><dd><code>${value}</code></dd>`)}</dl>`}
${run.startupFailure !== null && html`<p>✗ The workflow file is not valid. No job was started.</p><pre>${run.startupFailure}</pre>`}
${run.status === 'queued' && html`<p class="note">Waiting for a free runner.</p>`}
${run.status === 'waiting' && html`<p class="note">Waiting for a review, or for the timer of an environment. <a href="/">Review it on the sandbox's page.</a></p>`}
${run.status === 'pending' && html`<p class="note">Waiting for another run of its concurrency group.</p>`}
${listedJobs(run).map((job) => jobMarkup(store, run, job, now))}`,
  })
}
