// The built scripts and styles, compressed as well as brotli can (build/compress-static.ts). Compressing them for each request would take a
// second of the one thread, or send a sixth more. That is done only until the compressed files are there, seconds after a first start.
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'

const TYPES = { '.js': 'application/javascript; charset=UTF-8', '.css': 'text/css; charset=UTF-8' }
const PREFIX = '/_next/static/'

/** @param {string} directory the static files of a build; what is not compressed is not answered here */
export function precompressed(directory) {
  const names = existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: 'utf8' }) : []
  const files = new Map(
    names.flatMap((name) => {
      const type = TYPES[path.extname(name)]
      if (type === undefined) return []
      return [
        [PREFIX + name.replaceAll(path.sep, '/'), { file: path.join(directory, `${name}.br`), type, size: undefined }],
      ]
    }),
  )
  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   * @returns {boolean} whether it answers the request
   */
  return (request, response) => {
    const { method, url = '', headers } = request
    if (method !== 'GET' && method !== 'HEAD') return false
    const found = files.get(url.split('?', 1)[0])
    if (
      found === undefined ||
      headers.range !== undefined ||
      !/\bbr\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(`${headers['accept-encoding']}`)
    )
      return false
    found.size ||= statSync(found.file, { throwIfNoEntry: false })?.size
    // After a power failure, a file may be there and empty.
    if (!found.size) return false
    response.writeHead(200, {
      'content-type': found.type,
      'content-encoding': 'br',
      'content-length': found.size,
      // The name contains a hash of the contents.
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
    })
    if (method === 'HEAD') response.end()
    else
      createReadStream(found.file)
        .on('error', () => response.destroy())
        .pipe(response)
    return true
  }
}
