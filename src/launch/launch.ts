import path from 'node:path'
import { readConfig } from '~/server/platform/config'
import { hostInUrl, isLoopback, isSocketPath } from '~/server/platform/network-settings'
import { withValues } from '~/server/platform/secret-files'
import { readSurfacesFile } from '~/server/surfaces/declare/read-surfaces-file'
import { applyAtStart } from './apply-at-start.ts'
import { commitOf } from './build/commit.ts'
import { buildWhenNeeded, NOTHING_BUILT } from './build-when-needed.ts'
import { checkAtStart } from './check-at-start.ts'
import { generateClient } from './database/database-schema.ts'
import { configuredDatabase, databaseName } from './database/embedded-postgres.ts'
import { prepareDatabase, TRAIL_EXPOSED } from './database/prepare-database.ts'
import { TABLES_ARE_USED } from './database/table-locks.ts'
import { openLogs } from './logs.ts'
import { checkMachine } from './machine/check-machine.ts'
import { acquireLock } from './machine/launch-lock.ts'
import { choosePort, NO_PORT } from './machine/ports.ts'
import { ensurePrivateDirectory } from './machine/private-files.ts'
import type { SupervisedProcess } from './machine/supervised-process.ts'
import { loopbackAddress, printedLink } from './printed-link.ts'
import { type Progress, terminalProgress } from './progress.ts'
import { startSandboxProcess } from './sandbox-process.ts'
import { type AgreedSecrets, agreeOnSecrets, generatedSecrets } from './secrets.ts'
import { startServer } from './server-process.ts'
import { createShutdown, endWithNpm, listenForSignals, type Shutdown } from './shutdown.ts'
import { claimDatabaseOf, startDatabase } from './start-database.ts'
import { ignoreLostOutput } from './terminal.mjs'

type Mode = 'production' | 'development'

interface Launch {
  readonly mode: Mode
  readonly progress: Progress
  readonly shutdown: Shutdown
  readonly projectDirectory: string
}

/** Starts everything the console needs, waits for a signal or a failure, and stops everything again. */
export async function launch(mode: Mode): Promise<void> {
  ignoreLostOutput()
  const progress = terminalProgress(process.stdout, process.env)
  const shutdown = createShutdown()
  const projectDirectory = path.resolve(import.meta.dirname, '../..')
  listenForSignals(shutdown, () => progress.step('Stopping at once …'))
  endWithNpm(shutdown, process.env)
  try {
    await startAll({ mode, progress, shutdown, projectDirectory })
  } catch (error) {
    shutdown.ask({ kind: 'failure', message: error instanceof Error ? error.message : String(error) })
  }
  const reason = await shutdown.asked
  const running = shutdown.started().some((name) => name !== 'lock')
  if (running) progress.step('Stopping … (Ctrl-C again stops it at once)')
  for (const problem of await shutdown.stopAll()) progress.fail(problem)
  if (running) progress.done('Everything is stopped; all data is kept.')
  if (reason.kind === 'failure') progress.fail(reason.message)
  process.exit(reason.kind === 'failure' ? 1 : 0)
}

async function startAll({ mode, progress, shutdown, projectDirectory }: Launch): Promise<void> {
  const config = readConfig(process.env)
  const usesSandbox = config.githubCredentials === undefined
  if (usesSandbox && !isLoopback(config.host)) {
    throw new Error(
      `HOST is ${config.host}, but the sandbox serves this machine only. ` +
        'Nothing was started. Set GITHUB_DISPATCH_TOKEN or a GitHub App, or unset HOST.',
    )
  }
  checkMachine({ sandbox: usesSandbox }, process.env, process.versions.node)
  const surfacesFile = path.resolve(projectDirectory, config.surfacesFile)
  // Checked before anything starts. The sandbox's address is not known yet, and the check works with any.
  readSurfacesFile(surfacesFile, usesSandbox ? 'http://127.0.0.1' : undefined)

  const dataDir = ensurePrivateDirectory(path.resolve(projectDirectory, config.dataDir))
  const logs = openLogs({ dataDir, projectDirectory, logFile: config.logFile }, progress)
  process.on('SIGHUP', logs.reopen)
  const lock = acquireLock(dataDir, mode === 'production' ? 'npm start' : 'npm run dev')
  shutdown.add('lock', lock.release)

  const isSocket = isSocketPath(config.host)
  const { port, insteadOf } = isSocket ? NO_PORT : await choosePort(config.port, config.host)
  if (insteadOf !== undefined) progress.warn(`Port ${insteadOf} is taken by another program; this start takes ${port}.`)
  const name = config.host === '127.0.0.1' ? 'localhost' : hostInUrl(config.host)
  const consoleUrl = config.consoleUrl ?? `http://${name}:${port}`
  const toolEnv: NodeJS.ProcessEnv = { ...withoutOwner(process.env), NEXT_TELEMETRY_DISABLED: '1' }

  const postgresLog = path.join(logs.directory, 'postgres.log')
  const { signal } = shutdown
  const client = generateClient({ projectDirectory, env: toolEnv, signal }).then((isNew) => {
    if (isNew) progress.done('The Prisma client is generated')
  })
  // A build takes most of a first start and needs only the client, so it runs beside everything else.
  const build =
    mode === 'production'
      ? client.then(() => buildWhenNeeded(projectDirectory, toolEnv, { progress, shutdown }))
      : client.then(() => NOTHING_BUILT)
  shutdown.waitFor(build)
  const urls =
    configuredDatabase(config) ??
    (await startDatabase(dataDir, databaseName(config), postgresLog, { progress, shutdown }))
  const databaseUrl = urls.url
  await client
  const { missing, changed, isTrailExposed } = await prepareDatabase(urls, {
    migrations: path.join(projectDirectory, 'prisma/migrations'),
    logLevel: config.logLevel,
    signal,
    onWait: () => progress.step(TABLES_ARE_USED),
  })
  if (config.databaseUrl !== undefined) progress.done('The database is the one of DATABASE_URL')
  progress.done(missing.length === 0 ? 'The migrations are all applied' : `${missing.length} migrations applied`)
  if (changed.length > 0) {
    progress.warn(
      `These migrations have changed since they were applied, so the database differs from the files: ${changed.join(', ')}`,
    )
  }

  if (isTrailExposed && !usesSandbox) progress.warn(TRAIL_EXPOSED)

  await claimDatabaseOf(databaseUrl, usesSandbox ? 'sandbox' : 'github')

  const secrets = await agreeOnSecrets({ config, dataDir, databaseUrl })
  const generated = usesSandbox ? generatedSecrets(dataDir) : undefined
  const [webhookSecret = generated?.sandboxWebhook] = config.githubWebhookSecrets

  const watch = watcher(shutdown)
  const sandbox =
    generated !== undefined && webhookSecret !== undefined
      ? {
          token: generated.sandboxToken,
          webhookSecrets: config.githubWebhookSecrets.join(',') || webhookSecret,
          url: await startSandboxProcess({
            projectDirectory,
            dataDir,
            log: logs.sandbox,
            config: { ...config, surfacesFile },
            consoleUrl,
            callbackSecret: secrets.callback[0],
            token: generated.sandboxToken,
            webhookSecret,
            env: toolEnv,
            signal: shutdown.signal,
            onStarted: (started) => watch(started, logs.sandbox.place),
            onLine: (line) => logs.areShown || progress.note(`sandbox: ${line}`),
          }),
        }
      : undefined
  progress.done(
    sandbox === undefined ? `GitHub is ${config.githubApiUrl}` : `The sandbox GitHub runs on ${sandbox.url}`,
  )

  const changedSurfaces = await applyAtStart({
    databaseUrl,
    surfacesFile,
    shownFile: config.surfacesFile,
    sandboxUrl: sandbox?.url,
    // The sandbox serves this machine only, and its addresses are those of this start.
    isShared: config.databaseUrl !== undefined && sandbox === undefined,
    progress,
  })

  const env = serverEnvironment({
    commit: commitOf(projectDirectory, process.env),
    databaseUrl,
    consoleUrl,
    port: isSocket ? undefined : port,
    dataDir,
    surfacesFile,
    secrets,
    sandbox,
  })
  const { bundled, compress } = await build

  progress.step('Starting the server …')
  const server = await startServer({
    mode,
    projectDirectory,
    host: config.host,
    port,
    log: logs.server,
    logPlace: logs.server.place,
    env,
    signal: shutdown.signal,
    onStarted: (attempt) => shutdown.add('server', attempt.stop, attempt.kill),
    onLine: (line) => logs.areShown || progress.note(`server: ${line}`),
  })
  watch(server, logs.server.place)
  shutdown.add('drain', () => {
    if (config.drainSeconds === 0) return
    progress.step(`The server goes on to answer for ${config.drainSeconds} s, while proxies choose another one …`)
  })
  // The sandbox's link works on this machine alone, by a loopback name.
  const reached = sandbox === undefined ? consoleUrl : loopbackAddress(consoleUrl, port)
  await bundled
  lock.publish(reached)
  const link = await printedLink(databaseUrl, sandbox !== undefined)
  const where = isSocket
    ? `the socket ${config.host}`
    : isLoopback(config.host)
      ? `this machine only (${config.host})`
      : `${config.host}, port ${port}`
  progress.note(`It listens on ${where}. Logs: ${config.logFile === undefined ? logs.directory : logs.server.place}`)
  progress.done(`Deploy Console is ready: ${consoleUrl}   (Ctrl-C stops everything)`)
  // Without it, the server compresses for each request.
  compress().catch((error) =>
    progress.warn(`The scripts of the pages could not be compressed, so pages load slower: ${error}`),
  )
  // The sandbox's surfaces are declared for it.
  if (sandbox === undefined) void checkAtStart({ env, ids: changedSurfaces, progress, signal: shutdown.signal })
  if (link !== null) progress.step(`${link.says}, once and within ${link.minutes} minutes: ${reached}${link.path}`)
}

/** Stops a process with everything else. If the process ends by itself, everything else is stopped too. */
function watcher(shutdown: Shutdown) {
  return (supervised: SupervisedProcess, logPlace: string): void => {
    let stopping = false
    const stop = () => {
      stopping = true
      return supervised.stop()
    }
    shutdown.add(supervised.name, stop, supervised.kill)
    void supervised.exited.then(({ how, tail }) => {
      if (stopping) return
      const said = tail.filter(matters).map((line) => `\n  ${line}`)
      const message =
        `${new Date().toISOString()}: the ${supervised.name} ended by itself (${how}), so everything else was stopped. ` +
        `Start again with "npm start"; unfinished deploys are picked up. Its log: ${logPlace}${said.join('')}`
      shutdown.ask({ kind: 'failure', message })
    })
  }
}

/** Whether a line of a log may explain the end: not one of the levels trace, debug and info. */
const matters = (line: string): boolean => !/^\{"level":[123]0,/.test(line)

interface Provided {
  readonly commit: string | undefined
  readonly databaseUrl: string
  readonly consoleUrl: string
  /** Undefined if the server listens at a socket. */
  readonly port: number | undefined
  readonly dataDir: string
  readonly surfacesFile: string
  readonly secrets: AgreedSecrets
  /** `webhookSecrets` is a list, as in the variable. */
  readonly sandbox: { readonly url: string; readonly token: string; readonly webhookSecrets: string } | undefined
}

/** The owner of the tables may change everything, so no process that serves requests or runs workflows gets its password. */
const withoutOwner = ({
  DATABASE_OWNER_URL: _url,
  DATABASE_OWNER_URL_FILE: _file,
  ...others
}: NodeJS.ProcessEnv): NodeJS.ProcessEnv => others

/** This process's environment, completed with generated values. */
function serverEnvironment(provided: Provided): NodeJS.ProcessEnv {
  const { sandbox, secrets } = provided
  return withValues(withoutOwner(process.env), {
    NEXT_TELEMETRY_DISABLED: '1',
    // The launcher writes the log.
    LOG_FILE: 'off',
    ...(provided.commit === undefined ? {} : { CONSOLE_COMMIT: provided.commit }),
    ...(provided.port === undefined ? {} : { PORT: String(provided.port) }),
    DATABASE_URL: provided.databaseUrl,
    DATA_DIR: provided.dataDir,
    CONSOLE_URL: provided.consoleUrl,
    SURFACES_FILE: provided.surfacesFile,
    DEPLOY_CALLBACK_HMAC_SECRET: secrets.callback.join(','),
    AUTH_SECRET: secrets.auth.join(','),
    ...(sandbox === undefined
      ? {}
      : {
          GITHUB_API_URL: `${sandbox.url}/api/v3`,
          GITHUB_DISPATCH_TOKEN: sandbox.token,
          GITHUB_WEBHOOK_SECRET: sandbox.webhookSecrets,
          SANDBOX_URL: sandbox.url,
        }),
  })
}
