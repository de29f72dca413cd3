import { z } from 'zod'

const surfaceSchema = z.object({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  name: z.string().min(1),
  environment: z.string().min(1),
  repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  workflow: z.string().regex(/^[\w.-]+\.ya?ml$/),
  ref: z.string().min(1),
})

/** A sample surface. The sandbox runs a small server for each. */
export type SurfaceDeclaration = z.infer<typeof surfaceSchema>

const isUnique =
  (key: (surface: SurfaceDeclaration) => string) =>
  (surfaces: readonly SurfaceDeclaration[]): boolean =>
    new Set(surfaces.map(key)).size === surfaces.length

const surfacesFromJson = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'is not JSON' })
    return z.NEVER
  }
})

const environmentSchema = z.object({
  SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  SANDBOX_DIR: z.string().min(1),
  SANDBOX_WORKFLOWS_DIR: z.string().min(1),
  SANDBOX_TOKEN: z.string().min(16),
  SANDBOX_CONSOLE_URL: z.url({ protocol: /^https?$/ }),
  SANDBOX_CALLBACK_SECRET: z.string().min(1),
  SANDBOX_WEBHOOK_SECRET: z.string().min(24).optional(),
  SANDBOX_SURFACES: surfacesFromJson.pipe(
    z
      .array(surfaceSchema)
      .min(1)
      .refine(
        isUnique(({ id }) => id),
        'has two surfaces with the same id',
      )
      // A workflow finds its surface by one variable of the environment.
      .refine(
        isUnique(({ environment, workflow }) => `${environment} ${workflow}`),
        'has two surfaces with the same environment and workflow',
      ),
  ),
})

const examples: Readonly<Record<string, string>> = {
  SANDBOX_PORT: '4010 (0 or unset: any free port)',
  SANDBOX_DIR: '.data/sandbox',
  SANDBOX_WORKFLOWS_DIR: '. (a checkout that has .github/workflows)',
  SANDBOX_TOKEN: 'at least 16 characters, e.g. the output of `openssl rand -hex 16`',
  SANDBOX_CONSOLE_URL: 'http://127.0.0.1:3000',
  SANDBOX_CALLBACK_SECRET: 'whsec_… or at least 24 bytes of text',
  SANDBOX_WEBHOOK_SECRET: 'at least 24 characters, e.g. the output of `openssl rand -hex 32`',
  SANDBOX_SURFACES:
    '[{"id":"console","name":"Console","environment":"production","repository":"acme/platform","workflow":"deploy-console.yml","ref":"main"}]',
}

export interface SandboxConfig {
  /** `undefined`: the port of the last start, otherwise any free port. */
  readonly port: number | undefined
  readonly dir: string
  readonly workflowsDir: string
  readonly token: string
  readonly consoleUrl: string
  readonly callbackSecret: string
  /** Signs webhooks. `undefined`: no webhooks are sent. */
  readonly webhookSecret: string | undefined
  readonly surfaces: readonly SurfaceDeclaration[]
}

/** Reads the environment once. An error names the variable, the problem and an example, but never the value. */
export const readConfig = (environment: Readonly<Record<string, string | undefined>>): SandboxConfig => {
  const parsed = environmentSchema.safeParse(environment)
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0] ?? 'environment')
      const at = issue.path.length > 1 ? ` (at ${issue.path.slice(1).join('.')})` : ''
      return `  ${name}${at}: ${issue.message}. Example: ${examples[name] ?? ''}`
    })
    throw new Error(
      `The sandbox cannot start: its configuration is not valid. Nothing was started.\n${lines.join('\n')}`,
    )
  }
  const value = parsed.data
  return {
    port: value.SANDBOX_PORT === 0 ? undefined : value.SANDBOX_PORT,
    dir: value.SANDBOX_DIR,
    workflowsDir: value.SANDBOX_WORKFLOWS_DIR,
    token: value.SANDBOX_TOKEN,
    consoleUrl: value.SANDBOX_CONSOLE_URL.replace(/\/+$/, ''),
    callbackSecret: value.SANDBOX_CALLBACK_SECRET,
    webhookSecret: value.SANDBOX_WEBHOOK_SECRET,
    surfaces: value.SANDBOX_SURFACES,
  }
}
