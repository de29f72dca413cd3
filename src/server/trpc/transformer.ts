import 'server-only'
import superjson, { type SuperJSONResult } from 'superjson'

/**
 * superjson as the browser speaks it. What is plain JSON already, as the views of a poll are, is sent as superjson would
 * send it without the walk that finds that out: at two hundred log lines that walk costs more than the query.
 */
export const transformer = {
  serialize: (value: unknown): SuperJSONResult => (isPlainJson(value) ? { json: value } : superjson.serialize(value)),
  deserialize: <Value>(payload: SuperJSONResult): Value => superjson.deserialize<Value>(payload),
}

type Json = string | number | boolean | null | undefined | Json[] | { [key: string]: Json }

/** True for what JSON.stringify and JSON.parse give back unchanged; false for all that superjson has a name for. */
export function isPlainJson(value: unknown): value is Exclude<Json, undefined> {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object': {
      if (value === null) return true
      if (Array.isArray(value)) return value.every(isPlainJson)
      if (Object.getPrototypeOf(value) !== Object.prototype) return false
      for (const key in value) if (!isPlainJson(Reflect.get(value, key))) return false
      return true
    }
    default:
      return false
  }
}
