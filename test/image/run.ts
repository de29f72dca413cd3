import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { COMMANDS } from '~/launch/commands/commands'
import { freePort } from '~/launch/machine/ports'
import { modelGitHub } from '~test/support/model-github'
import { startScriptedGitHub } from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'
import { startSlackReceiver } from '~test/support/slack-receiver'
import { measureImage, weighImage } from './budgets.ts'
import { CALLS } from './console-calls.ts'
import { COMMIT, IMAGE, makeImage, requireTools } from './make-image.ts'
import { checkComposeSecrets, checkManifests } from './manifests.ts'
import { type Container, runInImage, type Settings, startInImage } from './podman.ts'
import { followScalePage } from './scale-page.ts'

// `npm run test:image`: builds the image and runs every command in it, without rights, on a file system that nobody can write.
const root = path.resolve(import.meta.dirname, '../..')
const ADMIN = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' }
const SURFACE = 'api-staging'
const name = (command: string) => `deploy-console-test-${command}-${process.pid}`

const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-test-image-'))
chmodSync(directory, 0o755) // the container's user reads it
const containers: Container[] = []
const problems: string[] = []

/** Runs a check and prints it. Later checks build on earlier ones, so the first failure ends the run. */
async function check<T>(sentence: string, work: () => Promise<T>): Promise<T> {
  const result = await work()
  process.stdout.write(`✓ ${sentence}\n`)
  return result
}

/** A figure over its budget is reported at the end, so that one run shows all of them. */
function budget(what: string, figure: number, most: number, unit: string): void {
  const fits = figure <= most
  process.stdout.write(`${fits ? '✓' : '✗'} ${what}: ${figure.toFixed(1)} ${unit} (at most ${most})\n`)
  if (!fits) problems.push(`${what} takes ${figure.toFixed(1)} ${unit}, more than ${most}.`)
}

await requireTools()
/** Names an image that is there already, instead of building one. */
const given = process.env['DEPLOY_CONSOLE_IMAGE']
if (given === undefined) {
  process.stdout.write('Building the image …\n')
  await makeImage()
}
const postgres = await startPostgres()
const github = await startScriptedGitHub()
const slack = await startSlackReceiver()
const model = modelGitHub(github)
github.script.onDispatch = model.accepting()
const port = await freePort()
const url = `http://127.0.0.1:${port}`
const callbackSecret = `whsec_${randomBytes(32).toString('base64')}`
const surfacesFile = path.join(directory, 'surfaces.yaml')
writeSurfaces([SURFACE])
const settings: Settings = {
  image: given ?? IMAGE,
  env: {
    DATABASE_URL: postgres.url,
    AUTH_SECRET: randomBytes(32).toString('base64'),
    DEPLOY_CALLBACK_HMAC_SECRET: callbackSecret,
    GITHUB_DISPATCH_TOKEN: 'test-token',
    GITHUB_API_URL: github.apiUrl,
    CONSOLE_URL: url,
    HOST: '127.0.0.1',
    PORT: String(port),
    IN_PROCESS_WORKER: 'off',
  },
  volumes: [`${surfacesFile}:/etc/deploy-console/surfaces.yaml:ro`],
}

try {
  await checkAll()
} finally {
  for (const container of containers) await container.remove()
  await github.close()
  await slack.close()
  postgres.stop()
  rmSync(directory, { recursive: true, force: true })
}
if (problems.length > 0) throw new Error(problems.join('\n'))
process.exit(0)

async function checkAll(): Promise<void> {
  const { megabytes, compressedMegabytes } = await check(
    'the image holds no native file but Node, and no tool of a build',
    () => weighImage(settings.image),
  )
  budget('the image', megabytes, 180, 'MB')
  budget('the compressed image', compressedMegabytes, 65, 'MB')

  await check(
    'compose.yaml and deploy/ fit the schemas of Compose and Kubernetes, and the chart has the objects of Kustomize',
    checkManifests,
  )
  await check('the script of compose.yaml makes each secret once, and a server can use them', () =>
    checkComposeSecrets(settings, directory),
  )

  await check('server and worker name each variable that is missing, and start nothing', async () => {
    for (const command of ['server', 'worker']) {
      const { code, err } = await runInImage({ ...settings, env: {} }, [command])
      assert.equal(code, 1)
      // HOST of the image is 0.0.0.0, so the address and the proxies are asked for first.
      for (const variable of ['CONSOLE_URL', 'TRUSTED_PROXIES']) assert.match(err, new RegExp(variable))
      const local = await runInImage({ ...settings, env: { HOST: '127.0.0.1' } }, [command])
      assert.equal(local.code, 1)
      for (const variable of ['DATABASE_URL', 'AUTH_SECRET', 'DEPLOY_CALLBACK_HMAC_SECRET', 'GITHUB_DISPATCH_TOKEN']) {
        assert.match(local.err, new RegExp(variable))
      }
    }
    assert.equal((await runInImage(settings, ['serve'])).code, 2)
  })

  await check('four migrate at once on an empty database apply each migration once', async () => {
    const runs = await Promise.all([1, 2, 3, 4].map(() => runInImage(settings, ['migrate'])))
    for (const { code, out, err } of runs) assert.deepEqual([code, err], [0, ''], `${out}${err}`)
    const counts = runs.map(({ out }) => Number(/^(\d+) migrations applied/.exec(out)?.[1] ?? 0))
    const shipped = readdirSync(path.join(root, 'prisma/migrations')).filter((entry) => !entry.includes('.')).length
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      shipped,
    )
  })
  await check('"console surfaces apply" stores surfaces.yaml', async () => {
    const { code, out, err } = await runInImage(settings, ['console', 'surfaces', 'apply'])
    assert.equal(code, 0, err)
    assert.match(out, /1 change applied/)
  })

  const server = startInImage(settings, name('server'), ['server'])
  containers.push(server)
  const from = performance.now()
  await check('the server gets ready', () => untilReady(server))
  process.stdout.write(
    `  ready after ${((performance.now() - from) / 1_000).toFixed(1)} s, podman's own start included\n`,
  )
  budget('the CPU time of the server until it is ready', (await measureImage(server)).cpuSeconds, 2.5, 's')

  await check('health names the commit of which the image was made', async () => {
    const health = await (await fetch(`${url}/api/health`)).json()
    if (given === undefined) assert.equal(z.object({ commit: z.string() }).parse(health).commit, COMMIT)
  })

  const worker = startInImage({ ...settings, env: { ...settings.env, SLACK_WEBHOOK_URL: slack.url } }, name('worker'), [
    'worker',
  ])
  containers.push(worker)
  await setTimeout(60_000) // at rest: V8 gives memory back after half a minute without work
  budget('the memory of the server at rest', (await measureImage(server)).megabytes, 220, 'MB')
  budget('the memory of the worker at rest', (await measureImage(worker)).megabytes, 160, 'MB')

  await check('a probe by the address of a pod is answered', async () => {
    const answered = new Promise<number | undefined>((resolve, reject) => {
      get(`${url}/api/health/ready`, { headers: { host: '10.0.0.7:3000' } }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      }).once('error', reject)
    })
    assert.equal(await answered, 200)
  })
  const cookie = await check('the setup link makes the first admin and signs in', signInThroughSetupLink)
  await check('the admin gets the page of surfaces, with every file that it names', async () => {
    const answer = await fetch(url, { headers: { cookie } })
    const page = await answer.text()
    assert.ok(answer.status === 200 && page.includes(ADMIN.name), `${answer.status} ${page.slice(0, 500)}`)
    const files = new Set(page.match(/\/_next\/static\/[\w./~-]+/g))
    assert.ok(files.size > 5)
    for (const file of files) assert.equal((await fetch(`${url}${file}`)).status, 200, file)
  })
  const deploy = await check('a deploy is dispatched', () => dispatch(cookie))
  await check('a signed callback moves the deploy, and one with another secret is refused', async () => {
    assert.equal(await callBack(deploy, { status: 'building' }, callbackSecret), 200)
    const other = `whsec_${randomBytes(32).toString('base64')}`
    assert.equal(await callBack(deploy, { status: 'deploying' }, other), 401)
  })
  await check('the worker seals what happened', untilSealed)
  await check('the worker delivers the outcome of the deploy', async () => {
    for (const status of ['deploying', 'succeeded']) {
      assert.equal(await callBack(deploy, { status }, callbackSecret), 200, status)
    }
    for (const deadline = performance.now() + 60_000; slack.texts.length === 0; await setTimeout(100)) {
      assert.ok(performance.now() < deadline, `nothing was delivered:\n${worker.log()}`)
    }
  })
  assert.deepEqual(Object.keys(CALLS).sort(), COMMANDS.map((command) => command.name).sort())
  const checkpoint = { outside: path.join(directory, 'checkpoint.json'), inside: '/shared/checkpoint.json' }
  const withDirectory = { ...settings, volumes: [...settings.volumes, `${directory}:/shared:ro`] }
  const run = (args: readonly string[]) => runInImage(withDirectory, args)
  for (const [command, call] of Object.entries(CALLS)) {
    await check(`console ${command}`, () => call({ run, email: ADMIN.email, surface: SURFACE, checkpoint })).catch(
      // The others are tried nevertheless.
      (error: unknown) => problems.push(`console ${command}: ${error instanceof Error ? error.message : error}`),
    )
  }

  for (const [what, container] of Object.entries({ server, worker })) {
    process.stdout.write(`  the ${what} after this work: ${(await measureImage(container)).megabytes.toFixed(0)} MB\n`)
  }
  for (const [what, container] of Object.entries({ server, worker })) {
    await check(`SIGTERM ends the ${what} with 0`, async () => {
      const { code, tookMs } = await container.stop()
      assert.equal(code, 0, container.log().slice(-2_000))
      assert.ok(tookMs < 10_000, `the end took ${tookMs} ms`)
    })
    await check(`the ${what} logged nothing at "error" and no refused write`, async () =>
      assert.doesNotMatch(container.log(), /"level":[56]0|EROFS|EACCES|Error:/),
    )
  }

  await check('docs/operations/scale.md makes two servers behind TLS, and restarts them without a failed request', () =>
    followScalePage({
      image: settings.image,
      postgresUrl: postgres.url,
      githubApiUrl: github.apiUrl,
      surfacesFile,
      directory,
    }),
  )
}

function writeSurfaces(ids: readonly string[]): void {
  const surfaces = ids.map((id) => ({
    id,
    name: id,
    environment: 'staging',
    repository: 'acme/platform',
    workflow: 'deploy-console.yml',
    url: 'http://127.0.0.1:9',
    health_url: 'http://127.0.0.1:9/health',
  }))
  writeFileSync(surfacesFile, JSON.stringify({ surfaces }), { mode: 0o644 })
}

/** PostgreSQL as a process of its own. */
async function startPostgres(): Promise<{ readonly url: string; readonly stop: () => void }> {
  const child = fork(path.join(root, 'test/support/throw-away-postgres.ts'), {
    execArgv: ['--import', 'tsx'],
    cwd: root,
  })
  const message = await new Promise<unknown>((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', () => reject(new Error('The PostgreSQL for the test did not start.')))
  })
  return { url: z.object({ url: z.string() }).parse(message).url, stop: () => child.disconnect() }
}

async function untilReady(container: Container): Promise<void> {
  let ended = false
  void container.exited.then(() => {
    ended = true
  })
  const deadline = performance.now() + 60_000
  for (let answer = 0; answer !== 200; ) {
    assert.ok(!ended, `the server ended:\n${container.log()}`)
    assert.ok(performance.now() < deadline, `the server does not get ready:\n${container.log()}`)
    answer = await fetch(`${url}/api/health/ready`, { signal: AbortSignal.timeout(5_000) }).then(
      ({ status }) => status,
      () => 0,
    )
    await setTimeout(50)
  }
}

async function signInThroughSetupLink(): Promise<string> {
  const { out } = await runInImage(settings, ['console', 'setup-link'])
  const link = new URL(out.split('\n')[0] ?? '')
  assert.equal(link.origin, url)
  const answer = await post('/api/auth/links/accept', { token: link.pathname.slice('/setup/'.length), ...ADMIN })
  assert.equal(answer.status, 200, await answer.clone().text())
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}

function post(address: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${url}${address}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url, 'sec-fetch-site': 'same-origin', ...headers },
    body: JSON.stringify(body),
  })
}

async function dispatch(cookie: string): Promise<string> {
  const body = { surface: SURFACE, ref: 'main', confirmation: SURFACE }
  const answer = await post('/api/internal/deploys', body, { cookie, 'idempotency-key': '"one-deploy-of-the-image"' })
  const text = await answer.text()
  assert.equal(answer.status, 202, text)
  return z.object({ id: z.string() }).parse(JSON.parse(text)).id
}

async function callBack(deploy: string, body: Readonly<Record<string, string>>, secret: string): Promise<number> {
  const run = model.runsOf(deploy)[0]
  const signed = signedCallback(deploy, { ...body, run_id: String(run?.id), run_attempt: 1 }, { secret })
  const text = await signed.text()
  const answer = await fetch(`${url}${new URL(signed.url).pathname}`, {
    method: 'POST',
    headers: signed.headers,
    body: text,
  })
  return answer.status
}

async function untilSealed(): Promise<void> {
  const deadline = performance.now() + 60_000
  for (let sealed = 0; sealed === 0; ) {
    assert.ok(performance.now() < deadline, `the worker seals nothing:\n${containers.at(-1)?.log()}`)
    const { out } = await runInImage(settings, ['console', 'audit', 'verify'])
    sealed = Number(/(\d+) rows sealed/.exec(out)?.[1] ?? 0)
  }
}
