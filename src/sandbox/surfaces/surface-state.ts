import path from 'node:path'
import { z } from 'zod'
import { type JsonDocument, jsonDocument } from '~/sandbox/state/json-document'
import { behaviourSchema } from '~/sandbox/surfaces/behaviour'

const releaseSchema = z.object({
  version: z.string().regex(/^[0-9a-f]{40}$/),
  ref: z.string(),
  deployedAt: z.string(),
  /** A version that came up unhealthy stays so until another replaces it. */
  healthy: z.boolean(),
})

/** One version of a surface in service. */
export type Release = z.infer<typeof releaseSchema>

const stateSchema = z.object({ behaviour: behaviourSchema, release: releaseSchema })
export type SurfaceState = z.infer<typeof stateSchema>

export const openSurfaceState = (dir: string, id: string, initial: () => Release): JsonDocument<SurfaceState> =>
  jsonDocument(path.join(dir, `${id}.json`), stateSchema, () => ({ behaviour: 'normal', release: initial() }))
