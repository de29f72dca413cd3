import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { z } from 'zod'
import { jsonDocument } from '~/sandbox/state/json-document'

const secretsSchema = z.object({ deployHookToken: z.string().min(32) })

/** Secrets the sandbox makes up itself, once; the file is readable by its owner only. */
export const openSecrets = (dir: string): z.infer<typeof secretsSchema> => {
  const document = jsonDocument(path.join(dir, 'secrets.json'), secretsSchema, () => ({
    deployHookToken: randomBytes(24).toString('base64url'),
  }))
  document.write(document.read())
  return document.read()
}
