import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { programArgs } from '~/launch/build/programs'
import { freePort } from '~/launch/machine/ports'
import { copyMigratedData } from '~test/support/migrated-data'

const projectDirectory = path.resolve(import.meta.dirname, '../..')

export interface Product {
  readonly url: string
  /** Undefined if the product runs against a real GitHub. */
  readonly sandboxUrl: string | undefined
  readonly dataDir: string
  readonly launcher: ChildProcess
  /** All output so far. */
  readonly output: () => string
  /** Resolves with the exit code when the process has ended. */
  readonly exited: Promise<number | null>
  /** Stops the product as Ctrl-C does, waits, and returns the exit code. */
  readonly stop: () => Promise<number | null>
  /** The printed link, which makes the first admin or signs in the sandbox's. */
  readonly printedLink: () => Promise<string>
}

export interface ProductOptions {
  /** The data directory; by default a temporary one that `stop` removes. */
  readonly dataDir?: string
  readonly env?: Readonly<Record<string, string>>
  /** The checkout to start; by default this one. */
  readonly projectDirectory?: string
}

/** Starts the whole product as `npm start` does. If it ends before it is ready, rejects with all its output. */
export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  const dataDir = options.dataDir ?? mkdtempSync(path.join(tmpdir(), 'deploy-console-test-'))
  if (options.dataDir === undefined) copyMigratedData(dataDir)
  const launched = launchProduct(
    { PORT: String(await freePort()), ...options.env, DATA_DIR: dataDir },
    options.projectDirectory,
  )
  const url = await launched.untilPrinted(/is ready: (\S+)/)
  return {
    ...launched,
    url,
    sandboxUrl: /The sandbox GitHub runs on (\S+)/.exec(launched.output())?.[1],
    dataDir,
    printedLink: () => launched.untilPrinted(/(http\S+\/setup\/\S+)/),
    stop: async () => {
      const code = await launched.stop()
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
      return code
    },
  }
}

/** Only the process, for tests of starts that must fail, or of a worker beside a product. */
export function launchProduct(
  env: Readonly<Record<string, string>>,
  directory = projectDirectory,
  program: 'src/launch/start.ts' | 'src/launch/worker.ts' = 'src/launch/start.ts',
) {
  const launcher = spawn(process.execPath, ['--conditions=react-server', ...programArgs(directory, program)], {
    cwd: directory,
    env: { ...withoutConsoleSettings(process.env), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const listeners = new Set<() => void>()
  for (const stream of [launcher.stdout, launcher.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      for (const listener of listeners) listener()
    })
  }
  const output = (): string => lines.join('\n')
  const exited = once(launcher, 'close').then(() => launcher.exitCode)
  const untilPrinted = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(output())
        if (found === null) return
        listeners.delete(look)
        resolve(found[1] ?? found[0])
      }
      listeners.add(look)
      look()
      void exited.then((code) => reject(new Error(`The product ended (exit ${code}) without ${pattern}:\n${output()}`)))
    })
  const stop = async (): Promise<number | null> => {
    if (launcher.exitCode === null && launcher.signalCode === null) launcher.kill('SIGINT')
    return await exited
  }
  return { launcher, output, exited, untilPrinted, stop }
}

/** Removes the console's settings of the developer's shell, and the test runner's NODE_ENV. */
export function withoutConsoleSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours =
    /^(NODE_ENV|HOST|PORT|CONSOLE_URL|CONSOLE_COMMIT|DATABASE_URL.*|DATA_DIR|GITHUB_.*|DEPLOY_.*|CALLBACK_.*|AUTH_.*|SURFACES_FILE|IN_PROCESS_WORKER|DRAIN_SECONDS|WORKER_HEALTH_PORT|METRICS_.*|OTEL_.*|SLACK_.*|TRUSTED_PROXIES|RATE_LIMIT_.*|SANDBOX_.*|LOG_.*|FLAG_.*|NEXT_.*)$/
  const kept = { ...env }
  for (const name of Object.keys(kept)) if (ours.test(name)) Reflect.deleteProperty(kept, name)
  return kept
}
