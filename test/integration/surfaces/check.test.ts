import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { SetupReport } from '~/domain/surface/setup'
import { checkAtStart } from '~/launch/check-at-start'
import { Prisma } from '~/server/platform/generated/client.ts'
import { checkSurface } from '~/server/surfaces/check/check-surface'
import { applySurfaces } from '~/server/surfaces/declare/apply-surfaces'
import { readSurfacesFile } from '~/server/surfaces/declare/read-surfaces-file'
import { callConsole } from '~test/support/call-console'
import {
  AUTH_SECRET,
  CALLBACK_SECRET,
  createTestConsole,
  insertDeployAt,
  insertSurface,
  type TestConsole,
} from '~test/support/console'
import { type Answer, startScriptedGitHub } from '~test/support/scripted-github'
import { type RunningSandbox, startSandbox } from '~test/support/start-sandbox'

const root = path.resolve(import.meta.dirname, '../../..')

describe('the setup check of the sample surfaces', () => {
  let sandbox: RunningSandbox
  let console_: TestConsole

  beforeAll(async () => {
    sandbox = await startSandbox({ consoleUrl: 'http://127.0.0.1:9', callbackSecret: CALLBACK_SECRET })
    console_ = await createTestConsole({ githubApiUrl: sandbox.apiUrl, env: { GITHUB_DISPATCH_TOKEN: sandbox.token } })
    const declared = readSurfacesFile(path.join(root, 'surfaces.yaml'), sandbox.url)
    await applySurfaces(console_.deps, declared, { actor: 'seeder', mayApply: () => true })
  })
  afterAll(async () => {
    await console_.close()
    await sandbox.stop()
  })

  it('finds nothing broken, and npm run console -- check says so and exits with 0', async () => {
    const { config } = console_.deps
    const settings = {
      GITHUB_API_URL: config.githubApiUrl,
      GITHUB_DISPATCH_TOKEN: sandbox.token,
      DEPLOY_CALLBACK_HMAC_SECRET: CALLBACK_SECRET,
      AUTH_SECRET,
    }
    const { code, out, err } = await callConsole(config.databaseUrl, ['check', '--json'], settings)
    const reports: SetupReport[] = JSON.parse(out)
    expect(reports.flatMap(({ lines }) => lines.filter(({ state }) => state === 'broken'))).toEqual([])
    expect(reports.map(({ surface }) => surface.id)).toContain('storefront')
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })

  it('exits with 1 and says in which line of the file what is to be corrected, or that the file is not applied', async () => {
    const { deps } = console_
    const { config } = deps
    const directory = mkdtempSync(path.join(tmpdir(), 'surfaces-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const file = path.join(directory, 'my-surfaces.yaml')
    const text = readFileSync(path.join(root, 'surfaces.yaml'), 'utf8')
      .replaceAll(`\${SANDBOX_URL}`, sandbox.url)
      .replace('["apply (*) / upload"]', '[apply]')
    writeFileSync(file, text)
    await applySurfaces(deps, readSurfacesFile(file, undefined), { actor: 'seeder', mayApply: () => true })
    const settings = {
      GITHUB_API_URL: config.githubApiUrl,
      GITHUB_DISPATCH_TOKEN: sandbox.token,
      DEPLOY_CALLBACK_HMAC_SECRET: CALLBACK_SECRET,
      AUTH_SECRET,
      SURFACES_FILE: file,
    }
    const { code, out } = await callConsole(config.databaseUrl, ['check', 'storefront'], settings)
    expect(code).toBe(1)
    const line = text.slice(0, text.indexOf('[apply]')).split('\n').length
    expect(out).toContain(
      '✗ Phases: No job or step of release.yml is called apply. Did you mean apply (*) / *?\n' +
        `      ${file}:${line}: Correct \`phases\`. GitHub shows the jobs checks / *, apply (*) / *, verify; a run shows what`,
    )
    expect(out).toMatch(/The surface needs work\.\n$/)

    writeFileSync(file, text.replace('[apply]', '["apply (*) / upload"]'))
    const edited = await callConsole(config.databaseUrl, ['check', 'storefront'], settings)
    expect(edited.out).toMatch(/^! .*my-surfaces\.yaml differs from what is stored and checked here: storefront\./)
  })
})

describe('the setup check against a GitHub that answers otherwise', () => {
  let console_: TestConsole
  let github: Awaited<ReturnType<typeof startScriptedGitHub>>
  let surface: { readonly id: string }
  const initial: { script?: typeof github.script } = {}

  beforeAll(async () => {
    github = await startScriptedGitHub()
    github.script.onRepository = () => ({ status: 200, body: repository() })
    github.script.onContents = () =>
      contents('on: { workflow_dispatch: { inputs: { ref: {} } } }\njobs: { deploy: {} }')
    // The address of a workflow is none that a handler of the script covers.
    github.script.around = ({ path: address, ...request }, answer) =>
      /\/workflows\/[^/]+\.yml$/.test(address) && !address.includes('/contents/')
        ? { status: 200, body: { state: 'active' } }
        : answer({ path: address, ...request })
    github.script.onElsewhere = () => ({ status: 200, body: { version: 'a'.repeat(40) } })
    initial.script = { ...github.script }
    console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
    await insertDeployAt(console_.deps, 'succeeded', { githubRunId: 7n })
    const { id } = await insertSurface(console_.deps)
    const healthUrl = `${github.origin}/health`
    surface = await console_.deps.db.surface.update({ where: { id }, data: { healthUrl } })
  })
  beforeEach(() => {
    Object.assign(github.script, initial.script)
  })
  afterAll(async () => {
    await console_.close()
    await github.close()
  })

  const repository = (changes: object = {}) => ({
    id: 1,
    full_name: 'acme/platform',
    ...changes,
  })

  const contents = (text: string): Answer => ({
    status: 200,
    body: { encoding: 'base64', content: Buffer.from(text).toString('base64') },
  })

  /** The lines that are not in order. */
  async function complaints() {
    const { lines } = await checkSurface(console_.deps, surface.id)
    return lines.filter(({ state }) => state !== 'ok').map(({ about, state }) => `${about}: ${state}`)
  }

  it('nothing is wrong with a surface whose workflow, repository and answers fit', async () => {
    expect(await complaints()).toEqual([])
  })

  it('whether a workflow can be started is unknown until GitHub has started one', async () => {
    await console_.deps.db.deploy.updateMany({ data: { githubRunId: null } })
    expect(await complaints()).toEqual(['Credentials: unknown'])
    await console_.deps.db.deploy.updateMany({ data: { githubRunId: 7n } })
  })

  it('an address is shown without what may be a secret in it', async () => {
    const healthUrl = `${github.origin.replace('://', '://me:pass@')}/health?token=s3cret`
    await console_.deps.db.surface.update({ where: { id: surface.id }, data: { healthUrl } })
    const { lines } = await checkSurface(console_.deps, surface.id)
    expect(lines.filter(({ about }) => about === 'Health')).toHaveLength(1)
    expect(JSON.stringify(lines)).not.toMatch(/s3cret|pass/)
    await console_.deps.db.surface.update({ where: { id: surface.id }, data: { healthUrl: `${github.origin}/health` } })
  })

  it.each<[string, string[], () => unknown]>([
    ['a renamed repository', ['Repository: broken'], () => showRepository(repository({ full_name: 'acme/renamed' }))],
    ['an archived repository', ['Repository: broken'], () => showRepository(repository({ archived: true }))],
    [
      'a hidden repository',
      ['Repository: broken'],
      () => {
        github.script.onRepository = () => ({ status: 404, body: { message: 'Not Found' } })
      },
    ],
    [
      'a silent GitHub, which proves nothing',
      ['Repository: unknown', 'Default ref: unknown', 'Workflow: unknown', 'Workflow file: unknown'],
      () => {
        github.script.around = ({ path: address, ...request }, answer) =>
          address === '/health' ? answer({ path: address, ...request }) : { status: 502, text: 'Bad gateway' }
      },
    ],
    [
      'a missing default ref',
      ['Default ref: broken'],
      () => {
        github.script.onRef = () => ({ status: 404, body: { message: 'Not Found' } })
      },
    ],
    [
      'a hidden file',
      ['Workflow file: broken'],
      () => {
        github.script.onContents = () => ({ status: 404, body: { message: 'Not Found' } })
      },
    ],
    [
      'a file that is not YAML',
      ['Workflow file: broken'],
      () => {
        github.script.onContents = () => contents('on: [')
      },
    ],
    [
      'a file whose text GitHub leaves out, which proves nothing',
      ['Workflow file: unknown'],
      () => {
        github.script.onContents = () => ({ status: 200, body: { encoding: 'none', content: '' } })
      },
    ],
    [
      'a file without workflow_dispatch or input',
      ['Trigger: broken', 'Inputs: broken'],
      () => {
        github.script.onContents = () => contents('on: push\njobs: { deploy: {} }')
      },
    ],
    [
      'a required input that is not sent',
      ['Inputs: broken'],
      () => {
        github.script.onContents = () =>
          contents(
            'on: { workflow_dispatch: { inputs: { ref: {}, region: { required: true } } } }\njobs: { deploy: {} }',
          )
      },
    ],
    [
      'no job that deploys',
      ['Phases: broken'],
      () => {
        github.script.onContents = () =>
          contents('on: { workflow_dispatch: { inputs: { ref: {} } } }\njobs: { test: {} }')
      },
    ],
    [
      'an unhealthy surface',
      ['Health: broken'],
      () => {
        github.script.onElsewhere = () => ({ status: 503, body: { version: 'a'.repeat(40) } })
      },
    ],
    [
      'a surface that says something other than a commit',
      ['Version: broken'],
      () => {
        const id = surface.id
        github.script.onElsewhere = () => ({ status: 200, body: { tag: '1.4.2' } })
        const versionSource = { url: null, in: 'json', at: 'tag', is: 'commit' }
        return console_.deps.db.surface.update({ where: { id }, data: { versionSource } })
      },
    ],
    [
      'a surface that does not say what it runs',
      ['Version: broken'],
      () => {
        github.script.onElsewhere = () => ({ status: 200, text: 'ok' })
      },
    ],
  ])('%s is found', async (_, expected, arrange) => {
    await arrange()
    expect(await complaints()).toEqual(expected)
    await console_.deps.db.surface.update({ where: { id: surface.id }, data: { versionSource: Prisma.DbNull } })
  })

  it('a start prints one line for a surface with something broken, and none for one in order', async () => {
    const env: NodeJS.ProcessEnv = {
      NODE_ENV: 'production',
      DATABASE_URL: console_.deps.config.databaseUrl,
      GITHUB_API_URL: github.apiUrl,
      GITHUB_DISPATCH_TOKEN: 'test-token',
      DEPLOY_CALLBACK_HMAC_SECRET: CALLBACK_SECRET,
      AUTH_SECRET,
    }
    const printed: string[] = []
    const print = (line: string) => void printed.push(line)
    const start = () =>
      checkAtStart({
        env,
        ids: [surface.id],
        progress: { warn: print, note: print },
        signal: new AbortController().signal,
      })
    await start()
    expect(printed).toEqual([])
    github.script.onContents = () => contents('on: push\njobs: { deploy: {} }')
    await start()
    expect(printed).toEqual([
      `${surface.id}: deploy-console.yml has no workflow_dispatch, so the console cannot start it. And 1 more. ` +
        `"npm run console -- check ${surface.id}" says what to do.`,
    ])
  })

  it.each<[string, string, Partial<typeof github.script>]>([
    [
      'a token that GitHub does not accept is the credentials’ fault, not the repository’s',
      'Credentials: GitHub does not accept the console’s credentials. Renew GITHUB_DISPATCH_TOKEN,',
      { onRepository: () => ({ status: 401, body: { message: 'Bad credentials' } }) },
    ],
    [
      'an address that is not GitHub’s API is named',
      'but not as GitHub’s API does. Correct GITHUB_API_URL.',
      { onRepository: () => ({ status: 404, text: '<h1>Not found</h1>', headers: { 'content-type': 'text/html' } }) },
    ],
    [
      'a wrong default ref is answered with the default branch of the repository',
      'Default ref: GitHub finds no branch or tag main. Correct `ref` in surfaces.yaml. The default branch of the repository is trunk.',
      {
        onRepository: () => ({ status: 200, body: repository({ default_branch: 'trunk' }) }),
        onRef: () => ({ status: 404, body: { message: 'Not Found' } }),
      },
    ],
  ])('%s', async (_, expected, script) => {
    Object.assign(github.script, script)
    const { lines } = await checkSurface(console_.deps, surface.id)
    const broken = lines
      .filter(({ state }) => state === 'broken')
      .map((line) => `${line.about}: ${line.found} ${line.fix}`)
    expect(broken).toEqual([expect.stringContaining(expected)])
  })

  it('a mistyped workflow is found once, with the likely name', async () => {
    const { around } = github.script
    github.script.around = async (request, answer) => {
      if (request.path.includes('deploy-console.yml')) return { status: 404, body: { message: 'Not Found' } }
      return /\/actions\/workflows(\?|$)/.test(request.path)
        ? { status: 200, body: { workflows: [{ path: '.github/workflows/deploy-consol.yml' }] } }
        : around(request, answer)
    }
    const { lines } = await checkSurface(console_.deps, surface.id)
    const broken = lines.filter(({ state }) => state === 'broken')
    expect(broken).toMatchObject([
      { about: 'Workflow', key: 'workflow', fix: expect.stringContaining('Did you mean deploy-consol.yml?') },
    ])
  })

  it('the jobs that a run has shown settle what the workflow file leaves open', async () => {
    const { db } = console_.deps
    github.script.onContents = () =>
      contents(
        'on: { workflow_dispatch: { inputs: { ref: {} } } }\njobs: { ship: { uses: ./.github/workflows/ship.yml } }',
      )
    await db.surface.update({ where: { id: surface.id }, data: { phaseJobs: { deploy: ['ship / upload'] } } })
    expect(await complaints()).toEqual(['Phases: unknown'])
    const deploy = await db.deploy.findFirstOrThrow()
    await db.deploy.update({ where: { id: deploy.id }, data: { surfaceId: surface.id } })
    const job = { id: '1', name: 'ship / upload', status: 'completed', conclusion: 'success', steps: [], moreSteps: 0 }
    const jobs = { jobs: [{ ...job, startedAt: null, endedAt: null }], moreJobs: 0 }
    await db.runAttempt.create({ data: { deployId: deploy.id, attempt: 1, runId: 7n, jobs, seenAt: new Date() } })
    expect(await complaints()).toEqual([])
    await db.surface.update({ where: { id: surface.id }, data: { phaseJobs: Prisma.DbNull } })
  })

  it('a report that changed no status is seen too', async () => {
    const { db, newId } = console_.deps
    const reports = async () =>
      (await checkSurface(console_.deps, surface.id)).lines.find(({ about }) => about === 'Reports')?.found
    expect(await reports()).toContain('No workflow has reported')
    const deploy = await db.deploy.findFirstOrThrow({ where: { surfaceId: surface.id } })
    const receipt = { webhookId: newId(), deployId: deploy.id, status: 'building', outcome: 'repeated' }
    await db.callbackReceipt.create({ data: { ...receipt, receivedAt: new Date('2026-11-29T10:48:09Z') } })
    expect(await reports()).toBe('A workflow last reported at 2026-11-29 10:48 UTC.')
    await db.callbackReceipt.deleteMany()
  })

  it('a disabled workflow is found', async () => {
    const { around } = github.script
    github.script.around = async (request, answer) => {
      const answered = await around(request, answer)
      return request.path.endsWith('/workflows/deploy-console.yml') && !request.path.includes('/contents/')
        ? { status: 200, body: { state: 'disabled_inactivity' } }
        : answered
    }
    expect(await complaints()).toEqual(['Workflow: broken'])
  })

  it('a clock that differs from GitHub’s is found', async () => {
    const deps = { ...console_.deps, now: () => new Date(Date.now() + 10 * 60_000) }
    const { lines } = await checkSurface(deps, surface.id)
    expect(lines.find(({ about }) => about === 'Clock')).toMatchObject({ state: 'broken' })
  })

  function showRepository(body: object): void {
    github.script.onRepository = () => ({ status: 200, body })
  }
})
