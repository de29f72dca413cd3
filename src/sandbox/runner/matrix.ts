import { isBasicExpression } from '@actions/workflow-parser'
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'
import {
  type ContextValue,
  evaluateToken,
  isList,
  isTrue,
  numberOf,
  type Scope,
  tokenAt,
  truthOf,
} from '~/sandbox/runner/expressions'
import { evaluatedOrAsWritten } from '~/sandbox/runner/step-definition'

type Combination = Readonly<Record<string, ContextValue>>

/** One job of a matrix. */
export interface Leg {
  readonly matrix: Combination
  /** The values that GitHub appends to the job's name. Values that only `include` adds are not among them. */
  readonly title: string
}

interface Strategy {
  readonly legs: readonly Leg[]
  readonly failFast: boolean
  readonly maxParallel: number
}

/** GitHub's limit. */
const mostLegs = 256
const longestName = 100

/**
 * Evaluates `strategy`. Errors are thrown and fail the job, as on GitHub.
 * https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#jobsjob_idstrategymatrix
 */
export function strategyOf(strategy: TemplateToken, scope: Scope): Strategy {
  const matrix = tokenAt(strategy, 'matrix')
  const legs = matrix === undefined ? [{ matrix: {}, title: '' }] : legsOf(evaluateToken(matrix, scope))
  if (legs.length === 0) throw new Error('The matrix must define at least one vector')
  if (legs.length > mostLegs) throw new Error(`The matrix has ${legs.length} jobs. At most ${mostLegs} are allowed.`)
  const failFast = tokenAt(strategy, 'fail-fast')
  return {
    legs,
    failFast: failFast === undefined || truthOf(failFast, scope),
    maxParallel: numberOf(tokenAt(strategy, 'max-parallel'), scope) ?? legs.length,
  }
}

/** The title of a job in a matrix. A name with an expression stands alone; the values follow any other name. */
export function legName(name: TemplateToken | undefined, id: string, leg: Leg, scope: Scope): string {
  const own = name === undefined ? id : evaluatedOrAsWritten(name, scope) || id
  if (leg.title === '' || (name !== undefined && isBasicExpression(name))) return own
  const full = `${own} (${leg.title})`
  return full.length > longestName ? `${full.slice(0, longestName - 3)}...` : full
}

/** The cross product without what `exclude` matches, with what `include` adds to it, then the combinations that `include` creates. */
function legsOf(matrix: ContextValue): readonly Leg[] {
  const { include, exclude, ...vectors } = mappingOf(matrix, 'The matrix')
  const exclusions = combinationsOf(exclude, 'exclude')
  const product = crossProduct(vectors).filter((one) => !exclusions.some((exclusion) => matches(one, exclusion)))
  const inclusions = combinationsOf(include, 'include').map((inclusion) => {
    const entries = Object.entries(inclusion)
    const filter = Object.fromEntries(entries.filter(([key]) => key in vectors))
    return { filter, extra: Object.fromEntries(entries.filter(([key]) => !(key in vectors))) }
  })
  const extended = product.map((one) => {
    const extras = inclusions.filter(({ filter }) => matches(one, filter)).map(({ extra }) => extra)
    return { matrix: Object.assign({}, one, ...extras), title: titleOf(one) }
  })
  const created = inclusions
    .filter(({ filter }) => !product.some((one) => matches(one, filter)))
    .map(({ filter, extra }) => ({ ...filter, ...extra }))
  return [...extended, ...created.map((one) => ({ matrix: one, title: titleOf(one) }))]
}

function crossProduct(vectors: Combination): readonly Combination[] {
  const entries = Object.entries(vectors)
  if (entries.length === 0) return []
  return entries.reduce<readonly Combination[]>(
    (combinations, [key, values]) => {
      if (!isList(values) || values.length === 0) throw new Error(`Matrix vector '${key}' does not contain any values`)
      return combinations.flatMap((combination) => values.map((value) => ({ ...combination, [key]: value })))
    },
    [{}],
  )
}

/** Whether a value has all values of a filter, compared as `==` does. A filter may name a part of an object. */
function matches(value: ContextValue | undefined, filter: ContextValue): boolean {
  if (isList(filter)) return filter.every((wanted, index) => isListValue(value) && matches(value[index], wanted))
  if (!isMappingValue(filter)) return isTrue('value == wanted', { contexts: { value: value ?? null, wanted: filter } })
  return Object.entries(filter).every(([key, wanted]) => isMappingValue(value) && matches(value[key], wanted))
}

function titleOf(combination: Combination): string {
  return scalarsOf(combination).join(', ')
}

function scalarsOf(value: ContextValue): readonly string[] {
  if (isList(value)) return value.flatMap(scalarsOf)
  if (isMappingValue(value)) return Object.values(value).flatMap(scalarsOf)
  return value === null || value === '' ? [] : [String(value)]
}

function combinationsOf(list: ContextValue | undefined, name: string): readonly Combination[] {
  if (list === undefined || list === null) return []
  if (!isList(list)) throw new Error(`The matrix's '${name}' must be a list`)
  return list.map((item) => mappingOf(item, `Each item of the matrix's '${name}'`))
}

function mappingOf(value: ContextValue, what: string): Combination {
  if (!isMappingValue(value)) throw new Error(`${what} must be a mapping`)
  return value
}

function isListValue(value: ContextValue | undefined): value is readonly ContextValue[] {
  return value !== undefined && isList(value)
}

function isMappingValue(value: ContextValue | undefined): value is Combination {
  return typeof value === 'object' && value !== null && !isList(value)
}
