import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { snakeCase } from '~/server/rest/rest-route'
import { reviewDeploy } from '~/server/surfaces/review/review-deploy'
import { OPERATOR } from '~test/support/actors'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { SHA, startScriptedGitHub } from '~test/support/scripted-github'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
const initial: { script?: typeof github.script } = {}

beforeAll(async () => {
  github = await startScriptedGitHub()
  initial.script = { ...github.script }
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, OPERATOR)
})
beforeEach(() => {
  Object.assign(github.script, initial.script)
  github.requests.length = 0
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

interface Declared {
  readonly dispatchInputs?: Readonly<Record<string, string>>
  readonly dispatchAsk?: string[]
}

async function insertDispatchable(data: Declared = {}) {
  const surface = await insertSurface(console_.deps)
  await console_.deps.db.surface.update({ where: { id: surface.id }, data })
  return surface
}

async function deploy(declared: Declared = {}, inputs?: Readonly<Record<string, string>>) {
  const { id, confirm } = await insertDispatchable(declared)
  return dispatchDeploy(console_.deps, OPERATOR, request({ id, confirm }, inputs))
}

const request = (surface: { id: string; confirm: string }, inputs?: Readonly<Record<string, string>>) => ({
  surfaceId: surface.id,
  ref: 'main',
  confirmation: surface.confirm,
  idempotencyKey: randomUUID(),
  reason: 'Why',
  ...(inputs === undefined ? {} : { inputs }),
})

const sent = () => github.dispatches().map(({ body }) => Object(body).inputs)

/** GitHub shows this workflow file. */
function showWorkflow(text: string): void {
  const content = Buffer.from(text)
    .toString('base64')
    .replaceAll(/.{1,60}/g, '$&\n')
  const sha = createHash('sha1').update(text).digest('hex')
  github.script.onContents = () => ({ status: 200, body: { type: 'file', encoding: 'base64', content, sha } })
}

describe('a surface that declares its inputs', () => {
  it('its workflow is sent exactly those, and the deploy shows them as sent', async () => {
    const { id } = await deploy({
      dispatchInputs: { version: `\${ref_name}`, commit: `\${sha}`, target: 'prod', note: `\${reason}` },
    })
    const inputs = { version: 'main', commit: SHA, target: 'prod', note: 'Why' }
    expect(sent()).toEqual([inputs])
    const view = await getDeploy(console_.deps, id)
    expect(view.inputs?.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
      { name: 'commit', value: SHA },
      { name: 'note', value: 'Why' },
      { name: 'target', value: 'prod' },
      { name: 'version', value: 'main' },
    ])
    expect(Object(snakeCase(view)).inputs).toEqual(view.inputs)
    // A declaration needs no look at the file.
    expect(github.requests.filter(({ path }) => path.includes('/contents/'))).toEqual([])
  })
})

describe('a surface without declared inputs', () => {
  it('its workflow is sent only the default inputs that the file declares, as of the ref from which it runs', async () => {
    showWorkflow(
      'on:\n  push:\n  workflow_dispatch:\n    inputs:\n      ref: {}\n      environment: { type: choice }\n',
    )
    await deploy()
    expect(sent()).toEqual([{ environment: 'production', ref: SHA }])
    const [asked] = github.requests.filter(({ path }) => path.includes('/contents/'))
    expect(asked?.path).toBe('/api/v3/repos/acme/platform/contents/.github/workflows/deploy-console.yml?ref=main')
  })

  it.each([
    ['declares other inputs', 'on:\n  workflow_dispatch:\n    inputs:\n      version: {}\n'],
    ['declares no inputs', 'on: workflow_dispatch\n'],
    ['declares null inputs', 'on:\n  workflow_dispatch:\n'],
    ['lists its events', 'on: [push, workflow_dispatch]\n'],
  ])(
    'a workflow that %s is not started, because it would deploy another commit than the reviewed one',
    async (_, text) => {
      showWorkflow(text)
      const before = await console_.deps.db.deploy.count()
      await expect(deploy()).rejects.toMatchObject({
        code: 'workflow_unfit',
        message: expect.stringMatching(/declares no input.*Nothing was deployed\..*surfaces\.yaml/),
      })
      expect(sent()).toEqual([])
      expect(await console_.deps.db.deploy.count()).toBe(before)
    },
  )

  it.each([
    ['GitHub hides the file', () => ({ status: 404, body: { message: 'Not Found' } })],
    ['GitHub fails', () => ({ status: 502, text: 'Bad Gateway' })],
    ['the file is larger than GitHub shows', () => ({ status: 200, body: { encoding: 'none', content: '' } })],
  ])(
    'all default inputs are sent when %s, and GitHub refuses those that the file does not declare',
    async (_, answer) => {
      github.script.onContents = answer
      github.script.onDispatch = () => ({
        status: 422,
        body: { message: 'Unexpected inputs provided: ["phase_callbacks"]' },
      })
      const { id, status } = await deploy()
      expect(sent()).toEqual([{ console_deploy_id: id, environment: 'production', ref: SHA, phase_callbacks: 'true' }])
      expect(status).toBe('failed')
      expect(await getDeploy(console_.deps, id)).toMatchObject({
        shipped: 'no',
        failureDetail: expect.stringContaining('Unexpected inputs provided'),
      })
    },
  )

  it('a file that is not YAML counts as a file that cannot be read', async () => {
    showWorkflow('on: [push\n')
    const { id } = await deploy()
    expect(sent()).toEqual([{ console_deploy_id: id, environment: 'production', ref: SHA, phase_callbacks: 'true' }])
  })
})

const ASKING = `on:
  workflow_dispatch:
    inputs:
      commit: { required: true }
      region: { type: choice, options: [eu, us], default: eu, description: Where to }
      dry_run: { type: boolean }
      replicas: { type: number, required: true }
      note:
      target: { type: environment }
`

describe('a surface that asks for inputs', () => {
  const declared = {
    dispatchInputs: { commit: `\${sha}` },
    dispatchAsk: ['replicas', 'region', 'dry_run', 'note', 'target'],
  }
  beforeEach(() => {
    showWorkflow(ASKING)
    github.script.around = (asked, answer) =>
      asked.path.includes('/environments')
        ? { status: 200, body: { total_count: 1, environments: [{ name: 'staging' }] } }
        : answer(asked)
  })

  it('its review describes each of them as the workflow file declares it, in the order of the file', async () => {
    const { id } = await insertDispatchable(declared)
    const { asked } = await reviewDeploy(console_.deps, { surfaceId: id, ref: 'main' })
    const plain = { description: null, required: false, default: null, options: null }
    expect(asked).toEqual([
      { ...plain, name: 'region', type: 'choice', options: ['eu', 'us'], default: 'eu', description: 'Where to' },
      { ...plain, name: 'dry_run', type: 'boolean', default: 'false' },
      { ...plain, name: 'replicas', type: 'number', required: true },
      { ...plain, name: 'note', type: 'string' },
      { ...plain, name: 'target', type: 'environment', options: ['staging'] },
    ])
  })

  it('its workflow is sent what was filled in, as it was typed, and the defaults of the rest', async () => {
    const { id } = await deploy(declared, { replicas: '3', note: `\${sha}` })
    const inputs = { commit: SHA, region: 'eu', dry_run: 'false', replicas: '3', note: `\${sha}` }
    expect(sent()).toEqual([inputs])
    const view = await getDeploy(console_.deps, id)
    expect(Object.fromEntries((view.inputs ?? []).map(({ name, value }) => [name, value]))).toEqual(inputs)
  })

  it.each([
    ['a missing one', {}, 'The input replicas is required.'],
    ['a number that is none', { replicas: '3; rm' }, 'The input replicas must be a number.'],
    ['a value outside the choice', { replicas: '3', region: 'mars' }, 'The input region must be one of eu, us.'],
    ['a boolean that is none', { replicas: '3', dry_run: 'yes' }, 'The input dry_run must be true or false.'],
    ['an unknown environment', { replicas: '3', target: 'prod' }, 'The input target must be one of staging.'],
    ['one that it does not ask for', { replicas: '3', commit: 'main' }, 'does not ask for the input commit.'],
  ])('refuses %s, and starts nothing', async (_, inputs, message) => {
    const before = await console_.deps.db.deploy.count()
    await expect(deploy(declared, inputs)).rejects.toMatchObject({
      code: 'inputs_refused',
      message: expect.stringMatching(new RegExp(`${message.replaceAll('.', '\\.')}.*Nothing was deployed`)),
    })
    expect(sent()).toEqual([])
    expect(await console_.deps.db.deploy.count()).toBe(before)
  })

  it.each([
    ['longer than GitHub takes', 'x'.repeat(1_001)],
    ['not text that can be stored', '"a\\0b"'],
  ])('a default of the workflow file that is %s is refused by name, and starts nothing', async (_, text) => {
    showWorkflow(`on: { workflow_dispatch: { inputs: { commit: {}, note: { default: ${text} } } } }`)
    await expect(deploy({ ...declared, dispatchAsk: ['note'] })).rejects.toMatchObject({
      code: 'inputs_refused',
      message: expect.stringMatching(/^The input note cannot be sent: .* Nothing was deployed\./),
    })
    expect(sent()).toEqual([])
  })

  it('an input that the workflow file does not declare is refused by name', async () => {
    await expect(deploy({ ...declared, dispatchAsk: ['zone'] })).rejects.toMatchObject({
      code: 'workflow_unfit',
      message: expect.stringContaining('declares no input zone'),
    })
  })

  it('only names that it asks for are sent while GitHub does not show the file', async () => {
    github.script.onContents = () => ({ status: 404, body: { message: 'Not Found' } })
    await deploy(declared, { region: 'mars' })
    expect(sent()).toEqual([{ commit: SHA, region: 'mars' }])
    await expect(deploy(declared, { commit: 'main' })).rejects.toMatchObject({ code: 'inputs_refused' })
  })

  it('other inputs under the same idempotency key are another request', async () => {
    const surface = await insertDispatchable(declared)
    const first = request(surface, { replicas: '3' })
    const { id } = await dispatchDeploy(console_.deps, OPERATOR, first)
    expect(await dispatchDeploy(console_.deps, OPERATOR, first)).toMatchObject({ id })
    await expect(
      dispatchDeploy(console_.deps, OPERATOR, { ...first, inputs: { replicas: '4' } }),
    ).rejects.toMatchObject({ code: 'idempotency_mismatch', details: { deploy_id: id } })
    expect(sent()).toHaveLength(1)
  })
})

describe('what a review showed', () => {
  const file = (preset: string) => `on: { workflow_dispatch: { inputs: { region: { default: ${preset} } } } }`

  async function reviewed(data: Declared = {}, ref = 'main') {
    const surface = await insertDispatchable({ dispatchInputs: { commit: `\${sha}` }, ...data })
    const { basis } = await reviewDeploy(console_.deps, { surfaceId: surface.id, ref })
    return { surface, input: { ...request(surface), ref, basis } }
  }
  const earlierDeploy = async ({
    id,
    environment,
    repository,
    workflow,
  }: Awaited<ReturnType<typeof insertSurface>>) => ({
    ...{
      id: console_.deps.newId(),
      surfaceId: id,
      environment,
      repository,
      workflow,
      ref: 'main',
      workflowRef: 'main',
    },
    ...{
      sha: SHA,
      requestedBy: 'operator',
      idempotencyKey: randomUUID(),
      requestDigest: 'digest',
      phaseCallbacks: true,
    },
    ...{ requestedAt: new Date(), lastEventAt: new Date() },
  })
  const dispatch = (input: Parameters<typeof dispatchDeploy>[2]) => dispatchDeploy(console_.deps, OPERATOR, input)

  it('is dispatched if it is the same', async () => {
    showWorkflow(file('eu'))
    const { input } = await reviewed()
    await dispatch(input)
    expect(sent()).toEqual([{ commit: SHA }])
  })

  it('is refused while GitHub does not answer with the workflow file, except for a rollback', async () => {
    showWorkflow(file('eu'))
    const { surface, input } = await reviewed()
    github.script.onContents = () => ({ status: 502, body: {} })
    await expect(dispatch(input)).rejects.toMatchObject({ code: 'github_unavailable' })
    const { id: deployId } = await console_.deps.db.deploy.create({
      data: { ...(await earlierDeploy(surface)), status: 'succeeded', shipped: 'yes', finishedAt: new Date() },
    })
    await dispatch({ ...input, ref: SHA, source: { kind: 'rollback', deployId } })
    expect(sent()).toEqual([{ commit: SHA }])
  })

  it('is refused if GitHub answers with another file that it does not show, or that is no YAML', async () => {
    showWorkflow(file('eu'))
    const { input } = await reviewed()
    for (const text of ['', '{']) {
      showWorkflow(text)
      await expect(dispatch(input)).rejects.toMatchObject({ code: 'surface_changed' })
    }
    const large = { type: 'file', encoding: 'none', content: '', sha: 'f'.repeat(40) }
    github.script.onContents = () => ({ status: 200, body: large })
    await expect(dispatch(input)).rejects.toMatchObject({ code: 'surface_changed' })
    expect(sent()).toEqual([])
  })

  it.each(['declared differently', 'run by another text of the workflow file', 'run from another ref'])(
    'is refused if the surface would be %s by now',
    async (change) => {
      showWorkflow(file('eu'))
      const { surface, input } = await reviewed()
      const { id } = surface
      if (change === 'declared differently')
        await console_.deps.db.surface.update({ where: { id }, data: { dispatchInputs: { commit: 'x' } } })
      if (change === 'run by another text of the workflow file') showWorkflow(file('us'))
      const basis = { ...input.basis, ...(change === 'run from another ref' ? { workflowRef: 'release' } : {}) }
      await expect(dispatch({ ...input, basis })).rejects.toMatchObject({ code: 'surface_changed' })
      expect([sent(), await console_.deps.db.deploy.count({ where: { surfaceId: id } })]).toEqual([[], 0])
    },
  )

  it('is part of the request under an idempotency key', async () => {
    const { input } = await reviewed()
    await dispatch(input)
    const { basis: _, ...other } = input
    await expect(dispatch(other)).rejects.toMatchObject({ code: 'idempotency_mismatch' })
  })
})
