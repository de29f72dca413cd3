import { isBasicExpression, isMapping } from '@actions/workflow-parser'
import { isActionStep, isRunStep } from '@actions/workflow-parser/model/type-guards'
import type { Step } from '@actions/workflow-parser/model/workflow-template'
import type { MappingToken } from '@actions/workflow-parser/templates/tokens/mapping-token'
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'
import { literalAt, mappingAt, type Scope, textOf, tokenAt } from '~/sandbox/runner/expressions'

/** One step of a job or a composite action, from GitHub's parser and from the tokens that the parser does not convert. */
export interface StepDefinition {
  /** The author's id. Ids that the parser generates are not in the `steps` context. */
  readonly id: string | undefined
  readonly name: TemplateToken | undefined
  /** The parser wraps the condition in `success() && (…)` unless it calls a status function. */
  readonly condition: string
  readonly env: MappingToken | undefined
  readonly continueOnError: TemplateToken | undefined
  readonly timeoutMinutes: TemplateToken | undefined
  readonly work: RunWork | UsesWork
}

export interface RunWork {
  readonly kind: 'run'
  readonly script: TemplateToken
  readonly shell: TemplateToken | undefined
  readonly workingDirectory: TemplateToken | undefined
}

export interface UsesWork {
  readonly kind: 'uses'
  readonly uses: string
  readonly with: MappingToken | undefined
}

/** The two lists describe the same steps: without errors, the converter keeps order and length. */
export function stepDefinitions(steps: readonly Step[], tokens: readonly TemplateToken[]): readonly StepDefinition[] {
  return steps.flatMap((step, index) => {
    const token = tokens[index]
    if (token === undefined || !isMapping(token) || !(isRunStep(step) || isActionStep(step))) return []
    const work: RunWork | UsesWork = isRunStep(step)
      ? {
          kind: 'run',
          script: step.run,
          shell: tokenAt(token, 'shell'),
          workingDirectory: tokenAt(token, 'working-directory'),
        }
      : { kind: 'uses', uses: step.uses.value, with: mappingAt(token, 'with') }
    return [
      {
        id: literalAt(token, 'id'),
        name: step.name,
        condition: step.if.expression,
        env: step.env,
        continueOnError: tokenAt(token, 'continue-on-error'),
        timeoutMinutes: tokenAt(token, 'timeout-minutes'),
        work,
      },
    ]
  })
}

/** A step's title before it has run: its name, otherwise its first command. */
export function stepName(step: StepDefinition, scope: Scope): string {
  if (step.name !== undefined) return evaluatedOrAsWritten(step.name, scope)
  if (step.work.kind === 'uses') return `Run ${step.work.uses}`
  return `Run ${evaluatedOrAsWritten(step.work.script, scope).trim().split('\n')[0] ?? ''}`
}

/** A name may refer to what has not run yet. Such a name stays as written. */
export function evaluatedOrAsWritten(token: TemplateToken | undefined, scope: Scope): string {
  try {
    return textOf(token, scope)
  } catch {
    return token !== undefined && isBasicExpression(token) ? (token.source ?? token.toDisplayString()) : ''
  }
}
