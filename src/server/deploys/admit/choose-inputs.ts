import 'server-only'
import {
  type AskedInput,
  type AskedValues,
  completeValues,
  explainMisfit,
  explainUnsendable,
} from '~/domain/deploy/asked-inputs'
import { DEFAULT_INPUTS, type InputTemplates } from '~/domain/deploy/inputs'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import type { Deps } from '~/server/deps'
import { readEnvironments, readWorkflowFile } from '~/server/github/workflow-file'

interface Dispatchable {
  readonly name: string
  readonly repository: string
  readonly workflow: string
  /** The ref that the workflow file comes from. */
  readonly ref: string
  readonly dispatchInputs: InputTemplates | null
  /** Not null: the workflow runs from the chosen ref, so it checks out the commit by itself. */
  readonly onMoved: string | null
  /** The inputs that the operator fills in. */
  readonly dispatchAsk: readonly string[]
}

export interface ChosenInputs {
  readonly templates: InputTemplates
  /** What the operator filled in, with the defaults of the rest. Sent as it is. */
  readonly asked: AskedValues
  /** Git's name of the workflow file's text; null if the file was not read, or GitHub did not answer with it. */
  readonly workflowFile: string | null
}

type ReadDeps = Pick<Deps, 'github' | 'logger'>

/**
 * The inputs to send to a surface's workflow: those that surfaces.yaml declares, or else the default ones that the workflow file declares,
 * and those that the operator filled in. If the file cannot be read, all of them are sent, and GitHub refuses those that do not fit.
 *
 * @throws AppError `workflow_unfit` when the workflow would not learn which commit to deploy, or does not declare an input that the surface
 *   asks for; `inputs_refused` when a value does not fit
 */
export async function chooseInputs(
  deps: ReadDeps,
  surface: Dispatchable,
  given: AskedValues,
  /** The file is read in any case, to compare it with the one of a review or for a later comparison. */
  isCompared: boolean,
): Promise<ChosenInputs> {
  const { dispatchInputs, dispatchAsk } = surface
  const isDeclared = dispatchInputs !== null
  const isRead = !isDeclared || dispatchAsk.length > 0 || isCompared
  const { file, blob } = isRead ? await readWorkflowFile(deps, surface) : { file: null, blob: null }
  const declared = file?.inputs ?? null
  const asked = await askedInputs(deps, surface, declared)
  const values = completeValues(asked, given)
  const misfit = explainMisfit(asked, { ...given, ...values }) ?? explainUnsendable(values)
  if (misfit !== null) throw new AppError('inputs_refused', `${misfit} Nothing was deployed. Correct the inputs.`)
  const templates = isDeclared ? dispatchInputs : declared === null ? DEFAULT_INPUTS : defaultInputs(surface, declared)
  return { templates, asked: values, workflowFile: blob }
}

function defaultInputs({ name, workflow, onMoved }: Dispatchable, declared: readonly AskedInput[]): InputTemplates {
  const isDeclared = (input: string) => declared.some((one) => one.name === input)
  if (onMoved !== null || isDeclared('ref'))
    return Object.fromEntries(Object.entries(DEFAULT_INPUTS).filter(([input]) => isDeclared(input)))
  throw new AppError(
    'workflow_unfit',
    `${inSentence(workflow)} declares no input \`ref\`, so it would not deploy the reviewed commit of ${inSentence(name)}. ` +
      'Nothing was deployed. Name the input that takes the commit under `dispatch.inputs` in surfaces.yaml, or run the workflow from the ' +
      'chosen ref (`dispatch.from: chosen`).',
  )
}

/**
 * The inputs that the operator fills in for a surface, as its workflow file declares them, and git's name of its text. Plain text and null
 * if the file cannot be read.
 */
export async function readAskedInputs(
  deps: ReadDeps,
  surface: Omit<Dispatchable, 'dispatchInputs' | 'onMoved'>,
): Promise<{ readonly asked: readonly AskedInput[]; readonly workflowFile: string | null }> {
  const { file, blob } = await readWorkflowFile(deps, surface)
  const asked = surface.dispatchAsk.length === 0 ? [] : await askedInputs(deps, surface, file?.inputs ?? null)
  return { asked, workflowFile: blob }
}

async function askedInputs(
  deps: ReadDeps,
  { name, repository, workflow, dispatchAsk }: Omit<Dispatchable, 'dispatchInputs' | 'onMoved'>,
  declared: readonly AskedInput[] | null,
): Promise<readonly AskedInput[]> {
  if (declared === null) return dispatchAsk.map(textInput)
  const missing = dispatchAsk.find((input) => !declared.some((one) => one.name === input))
  if (missing !== undefined) {
    throw new AppError(
      'workflow_unfit',
      `${inSentence(workflow)} declares no input ${inSentence(missing)}, which ${inSentence(name)} asks for. ` +
        'Nothing was deployed. Correct `dispatch.ask` in surfaces.yaml, or the workflow.',
    )
  }
  const asked = declared.filter((input) => dispatchAsk.includes(input.name))
  if (!asked.some(({ type }) => type === 'environment')) return asked
  const environments = await readEnvironments(deps, repository)
  return asked.map((input) => (input.type === 'environment' ? { ...input, options: environments } : input))
}

const textInput = (name: string): AskedInput => ({
  name,
  type: 'string',
  description: null,
  required: false,
  default: null,
  options: null,
})
