import { type AskedInput, misfitOf } from '~/domain/deploy/asked-inputs'
import { DEFAULT_INPUTS, holdsFact, type InputTemplates, tellsCommit } from '~/domain/deploy/inputs'
import { matchesPattern, mayBothMatch } from '~/domain/deploy/job-names'
import { isDeployJob, type PhaseJobs } from '~/domain/deploy/run-record'
import { PHASES } from '~/domain/deploy/status'
import { inSentence } from '~/domain/foreign-text'
import { namesOf, type WorkflowFile } from '~/domain/github/workflow-file'
import { likelySpelling } from '~/domain/likely-spelling'

/** `unknown`: it could not be looked at. */
export const SETUP_STATES = ['ok', 'broken', 'unknown'] as const

/** One thing that a surface needs before its first deploy. */
export interface SetupLine {
  readonly about: string
  readonly state: (typeof SETUP_STATES)[number]
  /** What was found, a sentence. */
  readonly found: string
  /** What to do; null if there is nothing to do. */
  readonly fix: string | null
  /** The member of the surface in surfaces.yaml that this is about, such as `phases.deploy`; null if it is about none. */
  readonly key: string | null
}

/** What was found out about one surface, before its first deploy or at any time. */
export interface SetupReport {
  readonly surface: { readonly id: string; readonly name: string; readonly environment: string }
  readonly lines: readonly SetupLine[]
}

export const ok = (about: string, found: string): SetupLine => ({ about, state: 'ok', found, fix: null, key: null })
export const broken = (about: string, found: string, fix: string, key: string | null = null): SetupLine => ({
  about,
  state: 'broken',
  found,
  fix,
  key,
})
export const unknown = (
  about: string,
  found: string,
  fix: string | null = null,
  key: string | null = null,
): SetupLine => ({ about, state: 'unknown', found, fix, key })

/** The declaration of a surface, as far as its workflow file is compared with it. */
interface Declared {
  readonly workflow: string
  readonly dispatchInputs: InputTemplates | null
  readonly dispatchAsk: readonly string[]
  /** Not null: the workflow runs from the chosen ref. */
  readonly onMoved: string | null
  readonly phaseJobs: PhaseJobs | null
}

/**
 * Compares a declaration with the workflow file, as GitHub will when the first deploy is dispatched.
 * @param shown the names of jobs and steps that a run of this surface has shown
 */
export function checkWorkflow(surface: Declared, file: WorkflowFile, shown: readonly string[] = []): SetupLine[] {
  return [
    checkTrigger(surface, file),
    checkInputs(surface, file),
    checkPhases(surface, file, shown),
    checkRunName(surface, file),
  ]
}

function checkTrigger({ workflow }: Declared, { dispatchable }: WorkflowFile): SetupLine {
  const name = inSentence(workflow)
  return dispatchable
    ? ok('Trigger', `${name} is started by workflow_dispatch.`)
    : broken(
        'Trigger',
        `${name} has no workflow_dispatch, so the console cannot start it.`,
        'Add `workflow_dispatch:` under `on:` in the workflow file.',
      )
}

/** The inputs that the console fills in: the declared ones, or the default ones that the file declares. */
function filledIn({ dispatchInputs }: Declared, { inputs }: WorkflowFile): InputTemplates {
  if (dispatchInputs !== null) return dispatchInputs
  return Object.fromEntries(Object.entries(DEFAULT_INPUTS).filter(([name]) => inputs.some((one) => one.name === name)))
}

function checkInputs(surface: Declared, file: WorkflowFile): SetupLine {
  const filled = filledIn(surface, file)
  const problem =
    undeclaredInput(surface, file, filled) ?? missingInput(surface, file, filled) ?? misfit(file.inputs, filled)
  if (problem !== null) return broken('Inputs', problem.found, problem.fix, problem.key)
  if (surface.onMoved === null && !tellsCommit(filled)) {
    return broken(
      'Inputs',
      `${inSentence(surface.workflow)} declares no input \`ref\`, so it would not deploy the reviewed commit.`,
      'Name the input that takes the commit under `dispatch.inputs`, or declare `dispatch.from: chosen`.',
      'dispatch.inputs',
    )
  }
  const names = [...Object.keys(filled), ...surface.dispatchAsk].map(inSentence).join(', ')
  return ok(
    'Inputs',
    names === '' ? 'No inputs are sent.' : `The workflow declares every input that is sent: ${names}.`,
  )
}

type Problem = { readonly found: string; readonly fix: string; readonly key: string } | null

function undeclaredInput(surface: Declared, { inputs }: WorkflowFile, filled: InputTemplates): Problem {
  const known = inputs.map(({ name }) => name)
  const name = [...Object.keys(filled), ...surface.dispatchAsk].find((one) => !known.includes(one))
  if (name === undefined) return null
  const meant = likelySpelling(name, known)
  const hint = meant === null ? '' : ` Did you mean ${inSentence(meant)}?`
  return {
    found: `${inSentence(surface.workflow)} declares no input ${inSentence(name)}, so GitHub would refuse the dispatch.${hint}`,
    fix: `Correct the name under \`dispatch\` in surfaces.yaml. ${inputNames(known)}`,
    key: Object.hasOwn(filled, name) ? `dispatch.inputs.${name}` : 'dispatch.ask',
  }
}

const inputNames = (names: readonly string[]) =>
  names.length === 0 ? 'The workflow has no inputs.' : `The workflow has ${listOf(names)}.`

/** At most this many names are listed. */
const LISTED = 20

function listOf(names: readonly string[]): string {
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : ''
  return `${names.slice(0, LISTED).map(inSentence).join(', ')}${more}`
}

function missingInput(surface: Declared, { inputs }: WorkflowFile, filled: InputTemplates): Problem {
  const missing = inputs.find(
    ({ name, required, default: preset }) =>
      required && preset === null && !Object.hasOwn(filled, name) && !surface.dispatchAsk.includes(name),
  )
  if (missing === undefined) return null
  return {
    found: `${inSentence(surface.workflow)} requires the input ${inSentence(missing.name)}, which is not sent.`,
    fix: 'Add the input to `dispatch.inputs` or to `dispatch.ask` in surfaces.yaml.',
    key: 'dispatch.inputs',
  }
}

/** Only a literal can be compared before the deploy. */
function misfit(inputs: readonly AskedInput[], filled: InputTemplates): Problem {
  for (const input of inputs) {
    const template = Object.hasOwn(filled, input.name) ? filled[input.name] : undefined
    if (template === undefined || holdsFact(template)) continue
    const problem = misfitOf(input, template)
    if (problem !== null) {
      return {
        found: `The input ${inSentence(input.name)} ${problem}, and surfaces.yaml sends ${inSentence(template)}.`,
        fix: 'Correct the value under `dispatch.inputs` in surfaces.yaml.',
        key: `dispatch.inputs.${input.name}`,
      }
    }
  }
  return null
}

function checkPhases({ workflow, phaseJobs }: Declared, file: WorkflowFile, shown: readonly string[]): SetupLine {
  const about = 'Phases'
  const name = inSentence(workflow)
  const jobs = jobNames(file)
  if (phaseJobs === null) {
    const declare = `Declare \`phases\` in surfaces.yaml. ${jobs}`
    if (file.jobs.some(({ name: job, steps }) => isDeployJob(job, steps))) {
      return ok(about, 'The names of jobs and steps tell the phases.')
    }
    if (file.jobs.some(({ name: job, calls }) => calls || job.includes('*'))) {
      const found = 'Which job is the deploy phase is known once a run has shown the names of all jobs.'
      return unknown(about, found, declare)
    }
    const found = `No name of a job in ${name} identifies the deploy phase, so no run could prove that it deployed.`
    return broken(about, found, declare, 'phases')
  }
  const known = namesOf(file)
  const patterns = PHASES.flatMap(({ key }) => (phaseJobs[key] ?? []).map((pattern) => ({ key, pattern })))
  const wrong = patterns.find(({ pattern }) => !known.some((one) => mayBothMatch(pattern, one)))
  if (wrong !== undefined) {
    const meant = legsOf(wrong.pattern, known) ?? likelySpelling(wrong.pattern, known)
    const hint = meant === null ? '' : ` Did you mean ${inSentence(meant)}?`
    return broken(
      about,
      `No job or step of ${name} is called ${inSentence(wrong.pattern)}.${hint}`,
      `Correct \`phases\` in surfaces.yaml. ${jobs}`,
      `phases.${wrong.key}`,
    )
  }
  // A pattern that matches a name with its `*` as plain text matches whatever the `*` stands for.
  const unsure = patterns.find(({ pattern }) => ![...known, ...shown].some((one) => matchesPattern(pattern, one)))
  return unsure === undefined
    ? ok(about, 'Every declared job is in the workflow file, or was in a run.')
    : unknown(
        about,
        `Every declared job may be in the workflow file. Whether ${inSentence(unsure.pattern)} fits is known after the first run.`,
      )
}

/** What is meant by the bare name of a matrix or of a call, whose jobs have longer names. */
const legsOf = (name: string, known: readonly string[]): string | null =>
  known.find((one) => one.startsWith(`${name} (`)) ?? known.find((one) => one.startsWith(`${name} / `)) ?? null

function jobNames({ jobs }: WorkflowFile): string {
  const names = jobs.map(({ name, calls }) => (calls ? `${name} / *` : name))
  if (names.length === 0) return 'The workflow has no jobs.'
  const rest = names.some((name) => name.includes('*')) ? '; a run shows what `*` stands for' : ''
  return `GitHub shows the jobs ${listOf(names)}${rest}.`
}

/** Without the deploy's id in the title of its run, a run whose start GitHub did not confirm cannot be told from others. */
function checkRunName(surface: Declared, file: WorkflowFile): SetupLine {
  const about = 'Name of the run'
  const [input] =
    Object.entries(filledIn(surface, file)).find(([, template]) => template.includes(`\${deploy_id}`)) ?? []
  if (input !== undefined && file.runName?.includes(`inputs.${input}`) === true) {
    return ok(about, 'The name of a run contains the id of its deploy.')
  }
  return ok(
    about,
    'The name of a run does not contain the id of its deploy. The console still follows the run, unless GitHub’s answer to the dispatch is lost.',
  )
}
