import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { launchProduct, type Product, startProduct, withoutConsoleSettings } from '~test/support/start-product'

// `npm run test:upgrade -- <commit or tag>`: installs that version in a folder of its own and lets it deploy. Then this
// version takes over the same data, and after it the earlier version again, as docs/operations/upgrade.md describes. Each
// has to find what the others left, deploy, and prove the audit trail. Then the server of one version deploys while the
// worker of the other runs, as during a rolling upgrade. It takes a few minutes.

const root = path.resolve(import.meta.dirname, '../..')
const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
const earlier = git('rev-parse', '--verify', `${process.argv[2] ?? git('describe', '--tags', '--abbrev=0')}^{commit}`)
const folder = mkdtempSync(path.join(tmpdir(), 'deploy-console-upgrade-'))
const dataDir = path.join(folder, 'data')
const before = path.join(folder, 'before')
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(`Broken: ${what}`)
  say(`  ${what}`)
}

const deploySchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  terminal: z.boolean(),
  shipped: z.string(),
  log_tail: z.array(z.unknown()),
})
type Deploy = z.infer<typeof deploySchema>

const consoleCommand = (directory: string, args: readonly string[]): string =>
  execFileSync('npm', ['run', '-s', 'console', '--', ...args], {
    cwd: directory,
    encoding: 'utf8',
    env: { ...withoutConsoleSettings(process.env), DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim()

const ask = async (product: Product, token: string, address: string, body?: object) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(
    `${product.url}${address}`,
    body === undefined
      ? { headers }
      : { method: 'POST', headers: { ...headers, 'idempotency-key': crypto.randomUUID() }, body: JSON.stringify(body) },
  )
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${await answer.text()}`)
  return { location: answer.headers.get('location') ?? '', body: (await answer.json()) as unknown }
}
/** Uses the printed link, after which the sandbox's operator is a member. */
const signIn = async (product: Product): Promise<void> => {
  const link = new URL(await product.printedLink())
  const answer = await fetch(new URL('/api/auth/links/accept', link), {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: link.origin },
    body: JSON.stringify({ token: link.pathname.slice('/setup/'.length) }),
  })
  if (!answer.ok) throw new Error(`The printed link: ${answer.status} ${await answer.text()}`)
}
const readDeploy = async (product: Product, token: string, address: string): Promise<Deploy> =>
  deploySchema.parse((await ask(product, token, address)).body)

/** Deploys to a sandbox surface and waits until the deploy has ended. */
const deploy = async (product: Product, token: string): Promise<Deploy> => {
  const surface = 'api-staging'
  const { location } = await ask(product, token, '/api/internal/deploys', {
    surface,
    ref: 'main',
    confirmation: surface,
  })
  for (;;) {
    const now = await readDeploy(product, token, location)
    if (now.terminal) return now
    await pause(1_000)
  }
}
const addressOf = ({ id }: Deploy): string => `/api/internal/deploys/${id}`

/** Starts a version on the data, lets it do something, and stops it. */
const runVersion = async (
  directory: string,
  name: string,
  work: (product: Product) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
) => {
  say(`\n${name}`)
  const product = await startProduct({ dataDir, projectDirectory: directory, env })
  try {
    await work(product)
  } finally {
    await product.stop()
  }
}

try {
  git('clone', '--quiet', '--shared', root, before)
  execFileSync('git', ['checkout', '--quiet', earlier], { cwd: before })
  execFileSync('npm', ['ci', '--silent'], { cwd: before, stdio: 'inherit' })

  let token = ''
  let first: Deploy | undefined
  const checkpoint = path.join(folder, 'checkpoint.json')
  const isKept = async (product: Product, made: Deploy | undefined, what: string) => {
    if (made === undefined) throw new Error('There is no earlier deploy.')
    const { status, shipped, log_tail } = await readDeploy(product, token, addressOf(made))
    must(status === made.status && shipped === made.shipped && log_tail.length === made.log_tail.length, what)
  }

  await runVersion(before, `The earlier version, ${earlier.slice(0, 8)}`, async (product) => {
    await signIn(product)
    const may = 'surface.read,deploy.read,deploy.dispatch'
    const scope = ['--may', may, '--in', 'staging']
    token = consoleCommand(before, [
      'token',
      'create',
      '--owner',
      'operator@sandbox.local',
      '--label',
      'upgrade',
      ...scope,
    ])
    first = await deploy(product, token)
    must(first.status === 'succeeded', 'deploys')
    while (!consoleCommand(before, ['audit', 'verify']).includes(' 0 waiting')) await pause(1_000)
    writeFileSync(checkpoint, consoleCommand(before, ['audit', 'checkpoint']))
  })

  let second: Deploy | undefined
  await runVersion(root, `This version, ${git('rev-parse', '--short', 'HEAD')}`, async (product) => {
    await isKept(product, first, 'shows the earlier deploy as it ended, to the same token')
    second = await deploy(product, token)
    must(second.status === 'succeeded', 'deploys')
    consoleCommand(root, ['audit', 'verify', '--checkpoint', checkpoint])
    must(true, 'proves that the trail still contains the checkpoint of the earlier version')
  })

  await runVersion(before, 'The earlier version again, on the newer schema', async (product) => {
    await isKept(product, first, 'shows its own deploy as it ended')
    await isKept(product, second, 'shows the deploy of the newer version as it ended')
    must((await deploy(product, token)).status === 'succeeded', 'deploys')
    consoleCommand(root, ['audit', 'verify', '--checkpoint', checkpoint])
    must(true, 'leaves a trail that this version proves')
  })

  for (const [server, worker, name] of [
    [before, root, 'The earlier version’s server with this version’s worker'],
    [root, before, 'This version’s server with the earlier version’s worker'],
  ] as const) {
    const withWorker = async (product: Product) => {
      const beside = launchProduct({ DATA_DIR: dataDir }, worker, 'src/launch/worker.ts')
      try {
        await beside.untilPrinted(/The worker runs/)
        must((await deploy(product, token)).status === 'succeeded', 'deploys')
        // The trail is sealed by the worker.
        while (!consoleCommand(root, ['audit', 'verify']).includes(' 0 waiting')) await pause(1_000)
        consoleCommand(root, ['audit', 'verify', '--checkpoint', checkpoint])
        must(true, 'leaves a trail that is sealed and that this version proves')
      } finally {
        await beside.stop()
      }
    }
    await runVersion(server, name, withWorker, { IN_PROCESS_WORKER: 'off' })
  }
  say('\nThe upgrade, the way back and two versions at once work.')
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
