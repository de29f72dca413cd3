import { parseArgs } from 'node:util'
import { z } from 'zod'

const datasource = z.object({ url: z.string(), shadowDatabaseUrl: z.string().nullish() })

/** What the CLI says about the database: `--datasource '{"url":"postgresql://…","shadowDatabaseUrl":"…"}'`. */
export type Datasource = z.infer<typeof datasource>

export interface EngineArguments {
  readonly version: boolean
  /** `cli create-database` and its like, which are answered once, without JSON-RPC. */
  readonly command: string | undefined
  readonly schemaFiles: readonly string[]
  readonly datasource: Datasource | undefined
}

/** The command line of Prisma's native engine, as far as its CLI uses it. Unknown options are left alone, as there. */
export function parseEngineArguments(argv: readonly string[]): EngineArguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    options: {
      version: { type: 'boolean' },
      datamodels: { type: 'string', multiple: true },
      datasource: { type: 'string' },
      'enabled-preview-features': { type: 'string' },
      'extension-types': { type: 'string' },
    },
  })
  const source =
    typeof values['datasource'] === 'string' ? datasource.parse(JSON.parse(values['datasource'])) : undefined
  return {
    version: values['version'] === true,
    command: positionals[0] === 'cli' ? positionals[1] : undefined,
    schemaFiles: (values['datamodels'] ?? []).filter((file) => typeof file === 'string'),
    datasource: source,
  }
}
