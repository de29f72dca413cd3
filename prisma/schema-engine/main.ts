import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils'
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

const provider = 'postgres' as const
const adapterName = '@prisma/adapter-pg'

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
 * One engine per request: an engine that has used its shadow database once does not find it a second time ("must be
 * provided through an external factory"), which `migrate dev` needs when it applies one migration and plans the next.
 */
async function withEngine<T>(work: (engine: WasmEngine) => Promise<T>): Promise<T> {
  const opened: SqlDriverAdapter[] = []
  const connect = async () => {
    const adapter = await connectEngineAdapter(address, files)
    opened.push(adapter)
    return adapter
  }
  const factory = { provider, adapterName, connect, connectToShadowDb: shadows.connect }
  try {
    return await work(await openWasmEngine(args.schemaFiles, factory))
  } finally {
    await shadows.dropAll()
    await Promise.all(opened.map((adapter) => adapter.dispose().catch(() => undefined))) // once more does no harm
  }
}

const service: EngineService = {
  answer: (method, params) =>
    withEngine(async (engine) => {
      files.remember(params)
      const run: unknown = Reflect.get(engine, RENAMED[method] ?? method)
      if (typeof run !== 'function') throw new Error(`Prisma's WebAssembly schema engine has no method "${method}".`)
      try {
        return await Reflect.apply(run, engine, [params])
      } catch (error) {
        const failure = files.takeFailure()
        throw failure === undefined ? error : describeFailure(failure, String(error))
      }
    }),
  printed(method, result) {
    return method === 'diff' ? (diffResult.safeParse(result).data?.stdout ?? undefined) : undefined
  },
}

await serveJsonRpc(service)
process.exit(0)
