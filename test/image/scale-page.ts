import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { request } from 'node:https'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from '~/launch/machine/ports'
import { end } from './podman.ts'

const PAGE = path.resolve(import.meta.dirname, '../../docs/operations/scale.md')
const NAMES = ['one', 'two', 'worker'].map((name) => `console-${name}`)
/** One request every tenth of a second. */
const PAUSE_MS = 100

interface Given {
  readonly image: string
  /** A superuser's address, for two roles and a database. */
  readonly postgresUrl: string
  readonly githubApiUrl: string
  readonly surfacesFile: string
  readonly directory: string
}

/** Executes the blocks of "Two servers behind TLS" one after the other. A client asks through the proxy during the last, which restarts both. */
export async function followScalePage(given: Given): Promise<void> {
  const directory = path.join(given.directory, 'scale')
  mkdirSync(directory)
  const [section = ''] = readFileSync(PAGE, 'utf8').split('## How many')
  const [names, ...blocks] = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)
  const variables = [...(names ?? '').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name)
  const port = await freePort()
  const roles = await createRoles(given.postgresUrl)
  const values: Readonly<Record<string, string>> = {
    IMAGE: given.image,
    CONSOLE_URL: `https://localhost:${port}`,
    TLS_PORT: String(port),
    ...roles,
    GITHUB_DISPATCH_TOKEN: 'test-token',
  }
  assert.deepEqual(variables, Object.keys(values))
  assert.equal(blocks.length, 8)
  const ports = await Promise.all([freePort(), freePort(), freePort()])
  const adapted = (text: string): string =>
    [3001, 3002, 3003]
      .reduce((all, one, index) => all.replaceAll(String(one), String(ports[index])), text)
      .replaceAll(/console-(one|two|worker)/g, (name) => inThisRun(name))
  const bash = (script: string) =>
    end('bash', ['-c', `set -euo pipefail\ncd ${directory}\n${podmanHere(given.githubApiUrl)}\n${adapted(script)}`])
  try {
    const assignments = Object.entries(values).map(([name, value]) => `${name}='${value}'`)
    const install = [...assignments, `cp ${given.surfacesFile} surfaces.yaml`, ...blocks.slice(0, -1)].join('\n')
    const installed = await bash(install)
    assert.equal(installed.code, 0, `${installed.out}\n${installed.err}`)
    assert.match(installed.out, /https:\/\/localhost:\d+\/setup\/\S+/)
    const client = askUntilStopped(port, readFileSync(path.join(directory, 'certificate.pem'), 'utf8'))
    const restarted = await bash(blocks.at(-1) ?? '')
    const { answers, failures } = await client.stop()
    assert.equal(restarted.code, 0, `${restarted.out}\n${restarted.err}`)
    assert.deepEqual(failures, [])
    assert.ok(answers > 50, `only ${answers} requests during two restarts`)
    process.stdout.write(`  ${answers} requests during the restarts, none failed\n`)
  } finally {
    for (const name of NAMES) {
      await end('podman', ['--runtime', 'runc', '--cgroup-manager', 'cgroupfs', 'rm', '--force', inThisRun(name)])
    }
    const pidFile = path.join(directory, 'haproxy.pid')
    if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, 'utf8')))
  }
}

const inThisRun = (container: string): string => `${container}-${process.pid}`

/** What podman needs in a container without cgroups of its own, and the GitHub of this test. */
const podmanHere = (githubApiUrl: string): string => `podman() {
  local command=$1
  shift
  if [ "$command" = run ]; then set -- --ulimit nofile=20000:20000 --ulimit nproc=4096:4096 --env GITHUB_API_URL=${githubApiUrl} "$@"; fi
  command podman --runtime runc --cgroup-manager cgroupfs "$command" "$@"
}`

/** The two roles of docs/operations/database.md. */
async function createRoles(postgresUrl: string): Promise<Readonly<Record<string, string>>> {
  const client = new pg.Client({ connectionString: postgresUrl })
  await client.connect()
  try {
    await client.query("CREATE ROLE scale_owner LOGIN PASSWORD 'owner'")
    await client.query("CREATE ROLE scale_server LOGIN PASSWORD 'server'")
    await client.query('CREATE DATABASE scale OWNER scale_owner')
  } finally {
    await client.end()
  }
  const { host } = new URL(postgresUrl)
  return {
    DATABASE_URL: `postgresql://scale_server:server@${host}/scale`,
    DATABASE_OWNER_URL: `postgresql://scale_owner:owner@${host}/scale`,
  }
}

function askUntilStopped(port: number, ca: string) {
  const failures: string[] = []
  let answers = 0
  let stopped = false
  const ask = () =>
    new Promise<void>((resolve) => {
      const asked = request(
        { port, ca, host: 'localhost', path: '/api/health', agent: false, timeout: 10_000 },
        (answer) => {
          answers += 1
          if (answer.statusCode !== 200) failures.push(String(answer.statusCode))
          answer.resume().once('close', resolve)
        },
      )
      asked.once('timeout', () => asked.destroy(new Error('no answer')))
      asked.once('error', (error) => {
        failures.push(error.message)
        resolve()
      })
      asked.end()
    })
  const asking = (async () => {
    for (; !stopped; await setTimeout(PAUSE_MS)) await ask()
  })()
  return {
    stop: async () => {
      stopped = true
      await asking
      return { answers, failures }
    },
  }
}
