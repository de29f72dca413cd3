import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import { z } from 'zod'

export type WasmEngine = bindings.SchemaEngine

const exported = z.object({ __wbindgen_start: z.custom<() => void>((value) => typeof value === 'function').optional() })

let panicText: string | undefined

/** What Rust said when it panicked, if it did. The exception that reaches JavaScript says only "unreachable". */
export function takePanic(): string | undefined {
  return panicText
}

/** Loads the engine. Its own entry imports the .wasm file as a module, which Node 20 does not do. */
export async function loadWasmEngine(): Promise<void> {
  // Rust's panic hook looks for this global; without it the panic's text is lost to a TypeError.
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message: (message: string) => {
        panicText = message
      },
    },
  })
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const wasm = readFileSync(path.join(path.dirname(entry), 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': { ...bindings } })
  bindings.__wbg_set_wasm(instance.exports)
  exported.parse(instance.exports).__wbindgen_start?.()
}

export function wasmEngineVersion(): string {
  return bindings.version()
}

export function openWasmEngine(
  schemaFiles: readonly string[],
  factory: SqlMigrationAwareDriverAdapterFactory,
): Promise<WasmEngine> {
  const datamodels = schemaFiles.map((file): [string, string] => [file, readFileSync(file, 'utf8')])
  return bindings.SchemaEngine.new(
    // An empty list panics ("must be called with at least one file"), and `migrate diff` passes no file.
    { datamodels: datamodels.length === 0 ? undefined : datamodels },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(factory),
  )
}
