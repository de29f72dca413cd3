import { readFile } from 'node:fs/promises'
import { AppError } from '~/domain/errors'
import { getDeps } from '~/server/deps'
import { problemResponse } from '~/server/platform/http/problem'
import { refuseOverLimit } from '~/server/platform/http/refuse-request'
import { refuseMethods } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

/** Made by a build (src/launch/build/programs.ts), and part of the image. */
const FILE = '.next/programs/deploy-console.mjs'

/** The command line as one file (docs/operations/command-line.md). It holds nothing of this console, so everybody may have it. */
export async function GET(request: Request): Promise<Response> {
  const refused = refuseOverLimit(getDeps(), request)
  if (refused !== null) return refused
  const program = await readFile(FILE).catch(() => null)
  if (program === null) {
    const detail =
      'This server was started without a build, so it has no command line to download. Use `npm run console`.'
    return problemResponse(new AppError('address_unknown', detail))
  }
  const headers = {
    'content-type': 'text/javascript; charset=utf-8',
    'content-disposition': 'attachment; filename="deploy-console.mjs"',
    'cache-control': 'no-cache',
  }
  return new Response(new Uint8Array(program), { headers })
}
