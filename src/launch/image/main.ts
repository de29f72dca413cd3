import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { type Config, readConfig } from '~/server/platform/config'

// What the image starts: `deploy-console server`, `worker`, `migrate` or `console …` (docs/adr/049). Everything else is imported by
// the command that needs it, so that each process loads its own part.
const home = path.resolve(import.meta.dirname, '../../..')

const NO_DATABASE = 'DATABASE_URL is not set, and the image holds no database'

const USAGE = `Usage: deploy-console <command>

  server                       serves the console on HOST and PORT
  worker                       runs jobs and the prober, for a server with IN_PROCESS_WORKER=off
  migrate                      applies pending migrations
  console <command> [options]  runs a command; "console --help" lists them`

const [name = '', ...args] = process.argv.slice(2)
try {
  process.chdir(home)
  if (name === 'server') await serve(readConfig(process.env))
  else if (name === 'worker') await work(readConfig(process.env))
  else if (name === 'migrate') await migrate(readConfig(process.env))
  else if (name === 'console') await runConsole(args)
  else {
    process.stderr.write(`${name === '' ? 'No command was given.' : `There is no command "${name}".`}\n\n${USAGE}\n`)
    process.exitCode = 2
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
}

async function serve(config: Config): Promise<void> {
  const databaseUrl = requireSettings(config)
  const { agreeOnSecrets } = await import('../secrets.ts')
  await agreeOnSecrets({ config, dataDir: config.dataDir, databaseUrl })
  process.argv.splice(2, 1, 'production', config.host, String(config.port ?? 3000))
  await import(path.join(home, 'programs/serve.mjs'))
}

async function work(config: Config): Promise<void> {
  requireSettings(config)
  // A worker mostly waits. Smaller heaps, and no second compilation of Prisma's WebAssembly, take 30 MB less.
  setFlagsFromString('--optimize-for-size')
  setFlagsFromString('--no-wasm-tier-up')
  await import('../worker.ts')
}

async function migrate(config: Config): Promise<void> {
  if (args.length > 0) throw new Error('"migrate" takes no options. "console surfaces apply" applies surfaces.yaml.')
  const { configuredDatabase } = await import('../database/embedded-postgres.ts')
  const { prepareDatabase, TRAIL_EXPOSED } = await import('../database/prepare-database.ts')
  const { TABLES_ARE_USED } = await import('../database/table-locks.ts')
  const urls = configuredDatabase(config)
  if (urls === undefined) throw new Error(refusal([NO_DATABASE]))
  const { missing, changed, isTrailExposed } = await prepareDatabase(urls, {
    migrations: path.join(home, 'prisma/migrations'),
    logLevel: config.logLevel,
    onWait: () => process.stdout.write(`${TABLES_ARE_USED}\n`),
  })
  const applied = missing.length === 0 ? 'The migrations are all applied.' : `${missing.length} migrations applied.`
  process.stdout.write(`${applied}\n`)
  if (isTrailExposed) process.stdout.write(`${TRAIL_EXPOSED}.\n`)
  if (changed.length > 0) {
    process.stderr.write(`These migrations have changed since they were applied: ${changed.join(', ')}.\n`)
  }
}

async function runConsole(consoleArgs: readonly string[]): Promise<void> {
  process.env['CONSOLE_CALL'] = 'console'
  process.argv.splice(2, process.argv.length, ...consoleArgs)
  await import('../commands/console.ts')
}

/** The image makes no secrets, which would be lost with the container, and holds no sandbox. The owner's password is for migrations alone. */
function requireSettings(config: Config): string {
  const { databaseUrl, databaseOwnerUrl } = config
  if (databaseOwnerUrl !== undefined) {
    throw new Error(
      `DATABASE_OWNER_URL is set. Only "migrate" may use it, so that nobody who makes this process run SQL owns the tables. Nothing was started. Unset the variable.`,
    )
  }
  const missing = [
    ...(databaseUrl === undefined ? [NO_DATABASE] : []),
    ...(config.authSecrets.length === 0 ? ['AUTH_SECRET is not set'] : []),
    ...(config.callbackSecrets.length === 0 ? ['DEPLOY_CALLBACK_HMAC_SECRET is not set'] : []),
    ...(config.githubCredentials === undefined
      ? ['neither GITHUB_DISPATCH_TOKEN nor a GitHub App is set, and the image holds no sandbox']
      : []),
  ]
  if (databaseUrl === undefined || missing.length > 0) throw new Error(refusal(missing))
  return databaseUrl
}

function refusal(missing: readonly string[]): string {
  return `The configuration is incomplete. Nothing was started. Set these variables:\n${missing.map((one) => `  - ${one}`).join('\n')}`
}
