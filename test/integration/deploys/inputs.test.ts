import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { snakeCase } from '~/server/rest/rest-route'
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

async function deploy(dispatchInputs?: Readonly<Record<string, string>>) {
  const { deps } = console_
  const { id, confirm } = await insertSurface(deps)
  if (dispatchInputs !== undefined) await deps.db.surface.update({ where: { id }, data: { dispatchInputs } })
  const input = { surfaceId: id, ref: 'main', confirmation: confirm, idempotencyKey: randomUUID(), reason: 'Why' }
  return dispatchDeploy(deps, OPERATOR, input)
}

const sent = () => github.dispatches().map(({ body }) => Object(body).inputs)

/** GitHub shows this workflow file. */
function showWorkflow(text: string): void {
  const content = Buffer.from(text)
    .toString('base64')
    .replaceAll(/.{1,60}/g, '$&\n')
  github.script.onContents = () => ({ status: 200, body: { type: 'file', encoding: 'base64', content } })
}

describe('a surface that declares its inputs', () => {
  it('its workflow is sent exactly those, and the deploy shows them as sent', async () => {
    const { id } = await deploy({ version: `\${ref_name}`, commit: `\${sha}`, target: 'prod', note: `\${reason}` })
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
