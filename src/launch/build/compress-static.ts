import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'

const compress = promisify(brotliCompress)

/** What this file writes beside the files of a build. */
export const WRITTEN_BY_COMPRESSION = /\.br(-unfinished)?$/

/**
 * Writes each script and style of a build once more, compressed, for src/launch/precompressed.mjs, unless that was done. A compressed file is
 * complete or absent, so a server may serve them meanwhile, and a compression that was stopped is continued by the next one.
 */
export async function compressStatic(directory: string): Promise<void> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(js|css)$/.test(name))
  await Promise.all(
    names.map(async (name) => {
      const file = path.join(directory, name)
      // After a power failure, a file may be there and empty.
      if ((statSync(`${file}.br`, { throwIfNoEntry: false })?.size ?? 0) > 0) return
      const text = readFileSync(file)
      const params = { [constants.BROTLI_PARAM_SIZE_HINT]: text.length }
      writeFileSync(`${file}.br-unfinished`, await compress(text, { params }))
      renameSync(`${file}.br-unfinished`, `${file}.br`)
    }),
  )
}
