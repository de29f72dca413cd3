import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { programArgs } from '~/launch/build/programs'

const root = path.resolve(import.meta.dirname, '../..')

export const sampleSurfaces = [
  surface('console', 'Console', 'production', 'deploy-console.yml'),
  surface('console-staging', 'Console', 'staging', 'deploy-console.yml'),
  surface('api-prod', 'API', 'production', 'deploy-heroku.yml'),
  surface('api-staging', 'API', 'staging', 'deploy-heroku.yml'),
  surface('customer-docs', 'Customer docs', 'production', 'deploy-customer-docs.yml'),
  surface('status-page', 'Status page', 'production', 'deploy-status-page.yml'),
  surface('storefront', 'Storefront', 'production', 'release.yml', 'acme/storefront'),
] as const

function surface(id: string, name: string, environment: string, workflow: string, repository = 'acme/platform') {
  return { id, name, environment, repository, workflow, ref: 'main' }
}

export interface SandboxOptions {
  /** The URL to which the workflows send their callbacks. */
  readonly consoleUrl: string
  readonly callbackSecret: string
  /** No webhooks are sent without it. */
  readonly webhookSecret?: string
  /** The state directory; by default a new temporary one that `stop` removes. */
  readonly dir?: string
  /** The checkout whose `.github` is run; by default this repository. */
  readonly workflowsDir?: string
  readonly token?: string
  readonly port?: number
  readonly surfaces?: readonly unknown[]
}

export interface RunningSandbox {
  readonly url: string
  readonly apiUrl: string
  readonly token: string
  readonly dir: string
  readonly process: ChildProcess
  /** All output so far. */
  readonly output: () => string
  /** Stops the process as the launcher does, waits until it is gone, and removes a temporary directory. */
  readonly stop: () => Promise<void>
  /** Kills the process with SIGKILL and waits until it is gone. The directory stays. */
  readonly kill: () => Promise<void>
}

const readyMessage = z.object({ type: z.literal('ready'), url: z.url() })

const gone = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

/** Starts the real sandbox as its own process, as the launcher does, and waits until it is ready. */
export const startSandbox = async (options: SandboxOptions): Promise<RunningSandbox> => {
  const token = options.token ?? randomBytes(24).toString('hex')
  const dir = options.dir ?? mkdtempSync(path.join(tmpdir(), 'sandbox-'))
  const child = spawn(process.execPath, programArgs(root, 'src/sandbox/main.ts'), {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      NODE_ENV: process.env.NODE_ENV,
      PATH: process.env['PATH'],
      SANDBOX_DIR: dir,
      SANDBOX_WORKFLOWS_DIR: options.workflowsDir ?? root,
      SANDBOX_TOKEN: token,
      SANDBOX_CONSOLE_URL: options.consoleUrl,
      SANDBOX_CALLBACK_SECRET: options.callbackSecret,
      ...(options.webhookSecret === undefined ? {} : { SANDBOX_WEBHOOK_SECRET: options.webhookSecret }),
      SANDBOX_SURFACES: JSON.stringify(options.surfaces ?? sampleSurfaces),
      ...(options.port === undefined ? {} : { SANDBOX_PORT: String(options.port) }),
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
    })
  }
  const ready = new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(readyMessage.parse(message).url))
    child.once('exit', (code) => reject(new Error(`The sandbox ended (${code}) before it was ready:\n${output}`)))
    child.once('error', reject)
  })
  const url = await ready
  return {
    url,
    apiUrl: `${url}/api/v3`,
    token,
    dir,
    process: child,
    output: () => output,
    stop: async () => {
      if (child.connected) child.disconnect()
      await gone(child)
      if (options.dir === undefined) rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
    },
    kill: async () => {
      child.kill('SIGKILL')
      await gone(child)
    },
  }
}
