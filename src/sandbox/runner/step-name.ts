import { isBasicExpression } from '@actions/workflow-parser'
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'
import { type Scope, textOf } from '~/sandbox/runner/expressions'
import type { StepDefinition } from '~/sandbox/runner/step-definition'

/** What GitHub shows for a step before it has run: its name, else what it runs. */
export function stepName(step: StepDefinition, scope: Scope): string {
  if (step.name !== undefined) return evaluatedOrAsWritten(step.name, scope)
  if (step.work.kind === 'uses') return `Run ${step.work.uses}`
  return `Run ${evaluatedOrAsWritten(step.work.script, scope).trim().split('\n')[0] ?? ''}`
}

/** A name may refer to steps that have not run yet; until then it stays as written. */
function evaluatedOrAsWritten(token: TemplateToken, scope: Scope): string {
  try {
    return textOf(token, scope)
  } catch {
    return isBasicExpression(token) ? (token.source ?? token.toDisplayString()) : ''
  }
}
