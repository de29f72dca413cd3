import { z } from 'zod'
import { startServer } from './http-server'

export interface SurfaceMood {
  readonly smokeProblem?: string
  /** Is unhealthy with every new version. */
  readonly unhealthy?: boolean
  /** Answers a deploy with 503 and this reason. */
  readonly refusal?: string
  /** Called when a deploy has been accepted. */
  readonly onDeploy?: () => void
}

const deploySchema = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/), ref: z.string() })

/** The smallest surface that keeps the platform's contract. */
export async function startSurface(token: string, mood: SurfaceMood = {}) {
  const state = { version: '0'.repeat(40), deploys: 0 }
  const url = await startServer((request, body) => {
    switch (`${request.method} ${request.url}`) {
      case 'GET /smoke':
        return mood.smokeProblem === undefined
          ? { status: 200, body: { status: 'ready' } }
          : { status: 503, body: { reason: mood.smokeProblem } }
      case 'POST /deploy':
        if (request.headers.authorization !== `Bearer ${token}`) return { status: 401, body: {} }
        if (mood.refusal !== undefined) return { status: 503, body: { reason: mood.refusal } }
        state.version = deploySchema.parse(JSON.parse(body.toString('utf8'))).sha
        state.deploys += 1
        mood.onDeploy?.()
        return { status: 202, body: {} }
      case 'GET /version':
        return { status: 200, body: { version: state.version } }
      case 'GET /health': {
        const healthy = !mood.unhealthy
        return { status: healthy ? 200 : 503, body: { status: healthy ? 'ok' : 'unhealthy', version: state.version } }
      }
      default:
        return { status: 404, body: {} }
    }
  })
  return { url, state }
}
