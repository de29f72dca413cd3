// The built scripts and styles, compressed as well as brotli can when they were built (build/compress-static.ts). Compressing them for
// each request would take a second of the one thread, or send a sixth more.
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'

const TYPES = { '.js': 'application/javascript; charset=UTF-8', '.css': 'text/css; charset=UTF-8' }
const PREFIX = '/_next/static/'

/** @param {string} directory the static files of a build; without compressed ones, nothing is answered here */
export function precompressed(directory) {
  const names = existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: 'utf8' }) : []
  const files = new Map(
    names.flatMap((name) => {
      const type = name.endsWith('.br') ? TYPES[path.extname(name.slice(0, -3))] : undefined
      if (type === undefined) return []
      const file = path.join(directory, name)
      return [[PREFIX + name.slice(0, -3).replaceAll(path.sep, '/'), { file, type, size: statSync(file).size }]]
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
