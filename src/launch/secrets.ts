import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { ensurePrivateDirectory, rememberedText } from './private-files.ts'

interface GeneratedSecrets {
  /** `whsec_<base64>`, the form the Standard Webhooks specification gives a secret. */
  readonly callback: string
  readonly auth: string
  readonly sandboxToken: string
  /** What the sandbox signs its webhooks with. */
  readonly sandboxWebhook: string
}

/** The secrets nobody configured: made at the first start, the same ever after. */
export function generatedSecrets(dataDir: string): GeneratedSecrets {
  const directory = ensurePrivateDirectory(path.join(dataDir, 'secrets'))
  return {
    callback: rememberedText(path.join(directory, 'callback'), () => `whsec_${randomBytes(32).toString('base64')}`),
    auth: rememberedText(path.join(directory, 'auth'), () => randomBytes(32).toString('base64url')),
    sandboxToken: rememberedText(path.join(directory, 'sandbox-token'), () => randomBytes(32).toString('base64url')),
    sandboxWebhook: rememberedText(path.join(directory, 'sandbox-webhook'), () => randomBytes(32).toString('hex')),
  }
}
