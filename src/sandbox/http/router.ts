import type { IncomingMessage } from 'node:http'
import type { Answer } from '~/sandbox/http/answer'

export interface Request {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly raw: IncomingMessage
  readonly param: (name: string) => string
  readonly header: (name: string) => string | undefined
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH'
  /** `/repos/:owner/:repo/branches/:branch+`: `:x` is one segment, `:x+` the rest of the path. A branch may contain `/`. */
  readonly pattern: string
  readonly handle: (request: Request) => Answer | Promise<Answer>
}

type Routable = Pick<Route, 'method' | 'pattern'>

export interface Match<T extends Routable> {
  readonly route: T
  readonly request: Request
}

const compile = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split('/')
      .map((segment) =>
        segment.startsWith(':')
          ? `(?<${segment.replace(/[:+]/g, '')}>${segment.endsWith('+') ? '.+' : '[^/]+'})`
          : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
      )
      .join('/')}$`,
  )

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** Finds the first route whose method and pattern match. */
export const createRouter = <T extends Routable>(routes: readonly T[]) => {
  const compiled = routes.map((route) => ({ route, expression: compile(route.pattern) }))
  return (raw: IncomingMessage, path: string, query: URLSearchParams): Match<T> | undefined => {
    const method = raw.method === 'HEAD' ? 'GET' : (raw.method ?? 'GET')
    for (const { route, expression } of compiled) {
      if (route.method !== method) continue
      const found = expression.exec(path)
      if (!found) continue
      const param = (name: string): string => {
        const value = found.groups?.[name]
        if (value === undefined) throw new Error(`Route ${route.pattern} has no parameter ${name}`)
        return decode(value)
      }
      const header = (name: string): string | undefined => {
        const value = raw.headers[name]
        return Array.isArray(value) ? value[0] : value
      }
      return { route, request: { method, path, query, raw, param, header } }
    }
    return undefined
  }
}
