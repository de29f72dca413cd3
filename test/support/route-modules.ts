import { readdirSync } from 'node:fs'
import path from 'node:path'

const appDirectory = path.resolve(import.meta.dirname, '../../src/app')

type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response> | Response

export interface RouteModule {
  /** In OpenAPI's notation: `/api/internal/deploys/{id}`. */
  readonly template: string
  readonly file: string
}

/** Every route handler that Next serves below `under`, from the files themselves. */
export function listRoutes(under: string): RouteModule[] {
  return readdirSync(path.join(appDirectory, under), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name === 'route.ts')
    .map(({ parentPath }) => ({
      template: `/${path.relative(appDirectory, parentPath)}`.replaceAll(/\[(\w+)\]/g, '{$1}'),
      file: path.join(parentPath, 'route.ts'),
    }))
}

/** The handlers of a route by method, as Next finds them. */
export async function handlersOf(route: RouteModule): Promise<Record<string, Handler>> {
  const module: Record<string, unknown> = await import(route.file)
  return Object.fromEntries(
    Object.entries(module).filter((entry): entry is [string, Handler] => typeof entry[1] === 'function'),
  )
}
