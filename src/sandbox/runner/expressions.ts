import { data, Evaluator, Lexer, Parser } from '@actions/expressions'
import { truthy } from '@actions/expressions/result'
import {
  isBasicExpression,
  isBoolean,
  isMapping,
  isNumber,
  isScalar,
  isSequence,
  isString,
} from '@actions/workflow-parser'
import type { MappingToken } from '@actions/workflow-parser/templates/tokens/mapping-token'
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'

export type ContextValue =
  | string
  | number
  | boolean
  | null
  | readonly ContextValue[]
  | { readonly [key: string]: ContextValue }

/** The status functions of one place in a run. Without them, an expression that calls one is an error. */
export interface StatusFunctions {
  readonly success: () => boolean
  readonly failure: () => boolean
  readonly cancelled: () => boolean
}

export interface Scope {
  readonly contexts: Readonly<Record<string, ContextValue>>
  readonly status?: StatusFunctions
}

/** Evaluates one expression, without its `${{ }}`, with GitHub's own evaluator. */
export function evaluate(expression: string, scope: Scope): data.ExpressionData {
  const functions = statusFunctions(scope.status)
  const contexts = new data.Dictionary(...Object.entries(scope.contexts).map(([key, value]) => pair(key, value)))
  const { tokens } = new Lexer(expression).lex()
  const tree = new Parser(tokens, Object.keys(scope.contexts), [...functions.values()]).parse()
  return new Evaluator(tree, contexts, functions).evaluate()
}

export function isTrue(expression: string, scope: Scope): boolean {
  return truthy(evaluate(expression, scope))
}

/** A scalar as text. Expressions are evaluated and coerced as on GitHub; literals stay as written. */
export function textOf(token: TemplateToken | undefined, scope: Scope): string {
  if (token === undefined) return ''
  if (isBasicExpression(token)) return evaluate(token.expression, scope).coerceString()
  if (isScalar(token)) return token.toString()
  throw new Error(`Line ${token.line ?? '?'} must be a text, not a ${token.typeName()}.`)
}

/** A mapping such as `env` or `with`, evaluated value by value. */
export function textsOf(token: MappingToken | undefined, scope: Scope): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const { key, value } of token ?? []) texts[textOf(key, scope)] = textOf(value, scope)
  return texts
}

export function truthOf(token: TemplateToken | undefined, scope: Scope): boolean {
  if (token === undefined) return false
  if (isBoolean(token)) return token.value
  return isBasicExpression(token) ? isTrue(token.expression, scope) : textOf(token, scope) === 'true'
}

export function numberOf(token: TemplateToken | undefined, scope: Scope): number | undefined {
  if (token === undefined) return undefined
  const value = isNumber(token) ? token.value : Number(textOf(token, scope))
  if (!(value > 0)) throw new Error(`Line ${token.line ?? '?'} must be a number above 0.`)
  return value
}

/** Any token as a value. Expressions are evaluated, also inside lists and mappings. */
export function evaluateToken(token: TemplateToken, scope: Scope): ContextValue {
  if (isBasicExpression(token)) return fromData(evaluate(token.expression, scope))
  if (isBoolean(token) || isNumber(token)) return token.value
  if (isSequence(token)) return [...token].map((item) => evaluateToken(item, scope))
  if (isMapping(token)) {
    return Object.fromEntries([...token].map(({ key, value }) => [textOf(key, scope), evaluateToken(value, scope)]))
  }
  return isString(token) ? token.value : null
}

/** The mapping below `key`, if there is one. */
export function mappingAt(token: TemplateToken | undefined, key: string): MappingToken | undefined {
  const value = tokenAt(token, key)
  return value !== undefined && isMapping(value) ? value : undefined
}

export function tokenAt(token: TemplateToken | undefined, key: string): TemplateToken | undefined {
  return token !== undefined && isMapping(token) ? token.find(key) : undefined
}

export function itemsAt(token: TemplateToken | undefined, key: string): readonly TemplateToken[] {
  const value = tokenAt(token, key)
  return value !== undefined && isSequence(value) ? [...value] : []
}

/** The literal text below `key`. `undefined` if there is none, or an expression. */
export function literalAt(token: TemplateToken | undefined, key: string): string | undefined {
  const value = tokenAt(token, key)
  return value !== undefined && isString(value) ? value.value : undefined
}

function statusFunctions(status: StatusFunctions | undefined) {
  const calls: Record<string, () => boolean> = status === undefined ? {} : { ...status, always: () => true }
  return new Map(
    Object.entries(calls).map(([name, call]) => [
      name,
      { name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(call()) },
    ]),
  )
}

function toData(value: ContextValue): data.ExpressionData {
  if (value === null) return new data.Null()
  if (typeof value === 'string') return new data.StringData(value)
  if (typeof value === 'number') return new data.NumberData(value)
  if (typeof value === 'boolean') return new data.BooleanData(value)
  if (isList(value)) return new data.Array(...value.map(toData))
  return new data.Dictionary(...Object.entries(value).map(([key, item]) => pair(key, item)))
}

function fromData(value: data.ExpressionData): ContextValue {
  if (value instanceof data.Array) return value.values().map(fromData)
  if (value instanceof data.Dictionary) {
    return Object.fromEntries(value.pairs().map(({ key, value: item }) => [key, fromData(item)]))
  }
  return value instanceof data.Null ? null : value.value
}

export function isList(value: ContextValue): value is readonly ContextValue[] {
  return Array.isArray(value)
}

function pair(key: string, value: ContextValue) {
  return { key, value: toData(value) }
}
