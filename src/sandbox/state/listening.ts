import path from 'node:path'
import { z } from 'zod'
import { readJsonFile } from '~/sandbox/state/json-document'
import { writeAtomically } from '~/sandbox/state/write-atomically'

const listeningSchema = z.object({ url: z.url(), token: z.string() })

/** Where the sandbox of a directory listens, and the token that may control it. */
export type Listening = z.infer<typeof listeningSchema>

const fileIn = (dir: string): string => path.join(dir, 'sandbox.json')

export const readListening = (dir: string): Listening | undefined => readJsonFile(fileIn(dir), listeningSchema)

/** The file is readable by its owner only: it holds the token. It stays after a stop, so that the next start takes the same port. */
export const writeListening = (dir: string, listening: Listening): void =>
  writeAtomically(fileIn(dir), `${JSON.stringify(listening, null, 2)}\n`)
