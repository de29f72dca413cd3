import { z } from 'zod'
import { runDatabaseCommand } from './database-commands.ts'
import { parseDatabaseUrl } from './database-connection.ts'
import { connectEngineAdapter } from './engine-adapter.ts'
import { parseEngineArguments } from './engine-arguments.ts'
import { describeFailure } from './failure-message.ts'
import { type EngineService, serveJsonRpc } from './json-rpc.ts'
import { createScriptFiles } from './script-files.ts'
import { createShadowDatabases } from './shadow-database.ts'
import { loadWasmEngine, openWasmEngine, type WasmEngine, wasmEngineVersion } from './wasm-engine.ts'

/** Where the CLI's name of a method is not the engine's. */
const RENAMED: Readonly<Record<string, string>> = { getDatabaseVersion: 'version' }

/** `generate` and `validate` have no database; whatever then asks for one is refused by the connection. */
const NO_DATABASE = 'postgresql://127.0.0.1:1/none'

const diffResult = z.object({ stdout: z.string().nullish() })

const args = parseEngineArguments(process.argv.slice(2))
if (args.command !== undefined) {
  process.exit(await runDatabaseCommand(args.command, args.datasource?.url ?? NO_DATABASE))
}
await loadWasmEngine()
if (args.version) {
  process.stdout.write(`schema-engine-cli ${wasmEngineVersion()}\n`)
  process.exit(0)
}

const files = createScriptFiles()
const address = parseDatabaseUrl(args.datasource?.url ?? NO_DATABASE)
const shadows = createShadowDatabases(address, args.datasource?.shadowDatabaseUrl ?? undefined, files)

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    void shadows.dropAll().finally(() => process.exit(1))
  })
}

/**
 * Methods that look up what the migrations amount to in the engine's cache, and have no shadow database of their own when it
 * is not there ("must be provided through an external factory"). `devDiagnostic` has one, and fills the cache.
 */
const READ_CACHE_ONLY = ['evaluateDataLoss', 'createMigration']

let engine: Promise<WasmEngine> | undefined
const service: EngineService = {
  async answer(method, params) {
    files.remember(params)
    files.takeFailure() // one that the engine put up with
    engine ??= openWasmEngine(args.schemaFiles, {
      provider: 'postgres',
      adapterName: '@prisma/adapter-pg',
      connect: () => connectEngineAdapter(address, files),
      connectToShadowDb: shadows.connect,
    })
    try {
      if (READ_CACHE_ONLY.includes(method)) await call(await engine, 'devDiagnostic', params)
      return await call(await engine, RENAMED[method] ?? method, params)
    } catch (error) {
      const failure = files.takeFailure()
      throw failure === undefined ? error : describeFailure(failure, String(error))
    } finally {
      await shadows.dropAll()
    }
  },
  printed(method, result) {
    return method === 'diff' ? (diffResult.safeParse(result).data?.stdout ?? undefined) : undefined
  },
}

await serveJsonRpc(service)
process.exit(0)

async function call(target: WasmEngine, method: string, params: unknown): Promise<unknown> {
  const run: unknown = Reflect.get(target, method)
  if (typeof run !== 'function') throw new Error(`Prisma's WebAssembly schema engine has no method "${method}".`)
  return await Reflect.apply(run, target, [params])
}
