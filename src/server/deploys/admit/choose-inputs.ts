import 'server-only'
import { DEFAULT_INPUTS, type InputTemplates } from '~/domain/deploy/inputs'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import type { Deps } from '~/server/deps'
import { readInputNames } from '~/server/github/workflow-inputs'

interface Dispatchable {
  readonly name: string
  readonly repository: string
  readonly workflow: string
  /** The ref that the workflow file comes from. */
  readonly ref: string
  readonly dispatchInputs: InputTemplates | null
}

/**
 * The inputs to send to a surface's workflow: those that surfaces.yaml declares, or else the default ones that the workflow file declares.
 * If the file cannot be read, all default inputs are sent, and GitHub refuses those that the file does not declare.
 *
 * @throws AppError `workflow_unfit` when the workflow would not learn which commit to deploy
 */
export async function chooseInputs(
  deps: Pick<Deps, 'github' | 'logger'>,
  { name, dispatchInputs, ...workflow }: Dispatchable,
): Promise<InputTemplates> {
  if (dispatchInputs !== null) return dispatchInputs
  const declared = await readInputNames(deps, workflow)
  if (declared === null) return DEFAULT_INPUTS
  if (!declared.includes('ref')) {
    throw new AppError(
      'workflow_unfit',
      `${inSentence(workflow.workflow)} declares no input \`ref\`, so it would not deploy the reviewed commit of ${inSentence(name)}. ` +
        'Nothing was deployed. Name the input that takes the commit under `dispatch.inputs` in surfaces.yaml.',
    )
  }
  return Object.fromEntries(Object.entries(DEFAULT_INPUTS).filter(([input]) => declared.includes(input)))
}
