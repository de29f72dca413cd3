import path from 'node:path'
import { z } from 'zod'
import type { Config } from '~/server/platform/config'
import type { Log } from '~/server/platform/open-log'
import { readSurfacesFile } from '~/server/surfaces/declare/read-surfaces-file'
import { programArgs } from './build/programs.ts'
import { type SupervisedProcess, superviseProcess, waitForReady } from './machine/supervised-process.ts'

const ready = z.object({ type: z.literal('ready'), url: z.string() })

interface SandboxPlan {
  readonly projectDirectory: string
  readonly dataDir: string
  readonly log: Pick<Log, 'write'>
  readonly config: Config
  readonly consoleUrl: string
  readonly callbackSecret: string
  readonly token: string
  readonly webhookSecret: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly onStarted: (process: SupervisedProcess) => void
  readonly onLine: (line: string) => void
}

/** Starts the sandbox in its own process and waits for its URL. */
export async function startSandboxProcess(plan: SandboxPlan): Promise<string> {
  const sandbox = superviseProcess({
    name: 'sandbox',
    args: programArgs(plan.projectDirectory, 'src/sandbox/main.ts'),
    cwd: plan.projectDirectory,
    log: plan.log,
    env: {
      ...plan.env,
      SANDBOX_PORT: plan.env['SANDBOX_PORT'] ?? '0',
      SANDBOX_DIR: path.join(plan.dataDir, 'sandbox'),
      SANDBOX_WORKFLOWS_DIR: plan.projectDirectory,
      SANDBOX_TOKEN: plan.token,
      SANDBOX_CONSOLE_URL: plan.consoleUrl,
      SANDBOX_CALLBACK_SECRET: plan.callbackSecret,
      SANDBOX_WEBHOOK_SECRET: plan.webhookSecret,
      SANDBOX_SURFACES: JSON.stringify(sampleSurfaces(plan.config.surfacesFile)),
    },
    onLine: (line, from) => {
      if (from === 'stderr') plan.onLine(line)
    },
  })
  plan.onStarted(sandbox)
  return await waitForReady(sandbox, { signal: plan.signal, withinMs: 120_000 }, (settle) => {
    sandbox.child.on('message', (message) => {
      const parsed = ready.safeParse(message)
      if (parsed.success) settle(parsed.data.url)
    })
  })
}

/** The declared surfaces in the sandbox's format, without URLs, which the sandbox assigns itself. */
function sampleSurfaces(file: string) {
  return readSurfacesFile(file, 'http://127.0.0.1').map(({ id, name, environment, repository, workflow, ref }) => ({
    id,
    name,
    environment,
    repository,
    workflow,
    ref,
  }))
}
