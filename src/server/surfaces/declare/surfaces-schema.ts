import 'server-only'
import { z } from 'zod'
import { inputName, looksSecret, MOST_INPUTS } from '~/domain/deploy/asked-inputs'
import { CALLBACK_WAYS } from '~/domain/deploy/callback'
import { CHECKLIST_LINES, checklistLine } from '~/domain/deploy/checklist'
import { DEFAULT_INPUTS, FACT_NAMES, tellsCommit, unknownFact } from '~/domain/deploy/inputs'
import { ON_MOVED } from '~/domain/deploy/request'
import type { PhaseKey } from '~/domain/deploy/status'
import { ROLLBACK_MODES, WATCH_MINUTES, WATCH_MINUTES_AT_MOST } from '~/domain/deploy/watch'
import { isVisible } from '~/domain/foreign-text'
import { nameText, storableText, UNSEEN } from '~/domain/input'
import { PROBE_SECONDS } from '~/domain/surface/health-check'
import { pathProblem } from '~/domain/surface/paths'

const address = z
  .string()
  .refine((value) => /^https?:\/\//.test(value) && URL.canParse(value), 'is not an http(s) URL')
  .transform((value) => value.replace(/\/+$/, ''))

const templateText = storableText.max(1_000).superRefine((template, context) => {
  const problem = unknownFact(template)
  if (problem !== null) context.addIssue({ code: 'custom', message: problem })
})
/** YAML would change a number: 1.10 is 1.1. */
const inputTemplate = z.union(
  [templateText, z.boolean().transform(String)],
  'is neither text nor true or false: put it in quotes',
)

const FACTS = FACT_NAMES.map((name) => `\`\${${name}}\``).join(', ')
const INPUTS = `The inputs of the workflow, and what each gets. Exactly these are sent. Facts: ${FACTS}.`

const declaredInputs = z
  .record(inputName, inputTemplate)
  .refine((inputs) => Object.keys(inputs).length <= MOST_INPUTS, `has more than ${MOST_INPUTS} inputs`)

const TELLS_NOTHING = `does not tell the workflow what to deploy: one input needs \${sha}, \${short_sha}, \${ref} or \${ref_name}`

const askedName = inputName.refine(
  (name) => !looksSecret(name),
  'looks like a secret, and GitHub shows inputs to everybody who can read the repository',
)

const dispatchSchema = z
  .strictObject({
    from: z
      .enum(['default', 'chosen'], 'must be "default" or "chosen"')
      .default('default')
      .describe('Where a run starts: on `ref` of the surface, or on the chosen branch or tag.'),
    on_moved: z
      .enum(ON_MOVED, 'must be "cancel" or "continue"')
      .optional()
      .describe(
        'What happens if the chosen ref has moved since the review. Only with `from: chosen`. Default: cancel.',
      ),
    inputs: declaredInputs.optional().describe(INPUTS),
    ask: z
      .array(askedName)
      .min(1, 'names no input')
      .max(MOST_INPUTS)
      .optional()
      .describe('The inputs that the operator fills in. Types, choices and defaults are read from the workflow file.'),
  })
  .superRefine(({ from, on_moved, inputs = DEFAULT_INPUTS, ask = [] }, context) => {
    if (from === 'default' && !tellsCommit(inputs)) {
      context.addIssue({ code: 'custom', path: ['inputs'], message: TELLS_NOTHING })
    }
    if (from === 'default' && on_moved !== undefined) {
      context.addIssue({ code: 'custom', path: ['on_moved'], message: 'has no effect without "from: chosen"' })
    }
    for (const [index, name] of ask.entries()) {
      const message = Object.hasOwn(inputs, name)
        ? 'is already filled in by the console'
        : ask.indexOf(name) < index
          ? 'is named twice'
          : null
      if (message !== null) context.addIssue({ code: 'custom', path: ['ask', index], message })
    }
  })

const jobNames = z.array(storableText.min(1).max(255)).min(1, 'names no job').max(50).optional()

const phasesSchema = z
  .strictObject({
    smoke_gate: jobNames.describe('The jobs of the smoke gate.'),
    freeze_check: jobNames.describe('The jobs of the freeze check.'),
    deploy: jobNames.describe('The jobs that deploy. Required, because nothing else proves that a run deployed.'),
    health_check: z
      .union([jobNames, z.literal('probe')], 'is neither a list of jobs nor "probe"')
      .describe('The jobs of the health check. `probe`: the console itself asks the surface for the deployed commit.'),
    probe_seconds: z
      .int()
      .min(10)
      .max(3600)
      .optional()
      .describe(`How long the console asks with \`health_check: probe\`. Default: ${PROBE_SECONDS}.`),
  } satisfies Record<PhaseKey | 'probe_seconds', z.ZodType>)
  .refine(
    ({ deploy }) => deploy !== undefined,
    'names no job of the phase deploy, so no run could prove that it deployed',
  )
  .refine(
    ({ health_check, probe_seconds }) => probe_seconds === undefined || health_check === 'probe',
    'declares probe_seconds without "health_check: probe"',
  )

/** A member of a JSON body, by its path: `version` or `build.commit`. */
const memberPath = storableText.max(200).regex(/^[^.]+(\.[^.]+)*$/, 'is not a path such as build.commit')

const repositoryPath = storableText
  .min(1)
  .max(255)
  .refine(isVisible, UNSEEN)
  .superRefine((path, context) => {
    const problem = pathProblem(path)
    if (problem !== null) context.addIssue({ code: 'custom', message: problem })
  })

const headerName = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'is not the name of a header')

const versionPattern = storableText.max(500).superRefine((pattern, context) => {
  try {
    const names = Object.keys(new RegExp(`${pattern}|`, 'm').exec('')?.groups ?? {})
    if (!names.includes('version')) context.addIssue({ code: 'custom', message: 'has no group (?<version>…)' })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    context.addIssue({ code: 'custom', message: `is not a regular expression: ${why}` })
  }
})

const versionSchema = z
  .strictObject({
    url: address.optional().describe('The address that reports the version. Default: `health_url`.'),
    json: memberPath.optional().describe('The member of a JSON body, such as `version` or `build.commit`.'),
    header: headerName.optional().describe('The name of a header.'),
    text: versionPattern.optional().describe('A JavaScript regular expression with the group `version`.'),
    is: z
      .enum(['commit', 'ref'], 'must be commit or ref')
      .default('commit')
      .describe('What the value is: a commit (at least seven digits), or a ref, such as the tag v1.4.0.'),
  })
  .refine(
    ({ json, header, text }) => [json, header, text].filter((place) => place !== undefined).length === 1,
    'needs exactly one of json, header and text',
  )

const checklist = z
  .array(checklistLine)
  .min(1, 'has no line')
  .max(CHECKLIST_LINES, `has more than ${CHECKLIST_LINES} lines`)
  .superRefine((lines, context) => {
    for (const [index, line] of lines.entries()) {
      if (lines.indexOf(line) < index) context.addIssue({ code: 'custom', path: [index], message: 'is listed twice' })
    }
  })

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'may contain only lower-case letters, digits and hyphens')

const minutes = z.int().min(1).max(1440)

const surfaceSchema = z.strictObject({
  id: slug.describe('Names the surface in addresses, tokens and the audit trail. Another id is another surface.'),
  name: nameText.max(80).describe('The name on the tile.'),
  environment: slug.describe('Freezes and permissions apply to an environment. `production` is protected most.'),
  repository: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/, 'is not owner/name')
    .describe('The repository with the workflow, as owner/name.'),
  workflow: z
    .string()
    .regex(/^[\w.-]+\.ya?ml$/, 'is not a workflow file name such as deploy-console.yml')
    .describe('The file of the workflow in `.github/workflows`.'),
  service: slug
    .optional()
    .describe(
      'Surfaces of one repository with the same `service` are environments of one service, and are promoted from one to another. Default: those of one workflow.',
    ),
  ref: storableText
    .min(1)
    .max(255)
    .refine(isVisible, UNSEEN)
    .default('main')
    .describe('The default ref, and the ref of the workflow file.'),
  url: address.describe('The address that people open.'),
  health_url: address.describe('The address that the console asks for health: status 200–299 is healthy.'),
  confirm: nameText.optional().describe('What the operator types to deploy. Default: the id.'),
  timeout_minutes: minutes.default(30).describe('The time limit of a deploy without a run, in minutes.'),
  approval: z
    .enum(['none', 'required'], 'must be "none" or "required"')
    .default('none')
    .describe('`required`: another person approves every deploy.'),
  approval_minutes: minutes.default(60).describe('How long an approval waits before it expires, in minutes.'),
  callbacks: z
    .enum(CALLBACK_WAYS, 'must be shared, repository or oidc')
    .default('shared')
    .describe('The weakest proof of a callback: the shared secret, the secret of the repository, or GitHub’s token.'),
  github_environment: nameText
    .max(255)
    .optional()
    .describe('The environment of the repository in which deploys appear among GitHub’s deployments.'),
  repository_id: z
    .int('is not a number')
    .positive('is not a positive number')
    .optional()
    .describe('GitHub’s number of the repository, which the token of a callback must name.'),
  dispatch: dispatchSchema.optional().describe('How the workflow is started, and with which inputs.'),
  phases: phasesSchema
    .optional()
    .describe(
      'The jobs of each step, by the names that GitHub shows. `*` stands for any text, and `job / step` names a step.',
    ),
  version: versionSchema
    .optional()
    .describe('How the surface reports its version. Default: the member `version` of the health answer.'),
  rollback: z
    .enum(ROLLBACK_MODES, 'must be "offer" or "auto"')
    .optional()
    .describe(
      'What happens if the surface turns unhealthy soon after a deploy. `offer`: people are asked to roll back. `auto`: the console rolls back by itself, which needs `version`. Default: neither.',
    ),
  watch_minutes: z
    .int()
    .min(1)
    .max(WATCH_MINUTES_AT_MOST)
    .optional()
    .describe(`How long a deploy is watched with \`rollback\`, in minutes. Default: ${WATCH_MINUTES}.`),
  paths: z
    .array(repositoryPath)
    .min(1, 'names no path')
    .max(10, 'names more than 10 paths')
    .optional()
    .describe('The files and folders whose commits count for the surface, such as `services/api/**`. Default: all.'),
  checklist: checklist
    .optional()
    .describe('Short sentences that the operator ticks before each deploy that is not a rollback. Default: none.'),
})

export const surfacesFile = z
  .strictObject({
    surfaces: z
      .array(surfaceSchema)
      .min(1, 'no surface is declared')
      .describe('The surfaces, in the order of the grid.'),
  })
  .superRefine(({ surfaces }, context) => {
    for (const [index, surface] of surfaces.entries()) {
      const { id, approval, dispatch } = surface
      for (const { key, message } of rollbackProblems(surface))
        context.addIssue({ code: 'custom', path: ['surfaces', index, key], message })
      if (approval === 'required' && dispatch?.on_moved === 'continue') {
        const message = 'cannot be "continue" with "approval: required", which approves one commit'
        context.addIssue({ code: 'custom', path: ['surfaces', index, 'dispatch', 'on_moved'], message })
      }
      if (surfaces.findIndex((other) => other.id === id) < index) {
        context.addIssue({ code: 'custom', path: ['surfaces', index, 'id'], message: `"${id}" is declared twice` })
      }
    }
  })

/** What of `rollback` and `watch_minutes` does not fit the rest of the declaration. */
function rollbackProblems(surface: z.output<typeof surfaceSchema>) {
  const { rollback, watch_minutes, version, dispatch } = surface
  return [
    ...(watch_minutes !== undefined && rollback === undefined
      ? [{ key: 'watch_minutes', message: 'has no effect without "rollback"' }]
      : []),
    ...(rollback === 'auto' && version === undefined
      ? [
          {
            key: 'rollback',
            message:
              'cannot be "auto" without "version": nothing would prove that the unhealthy surface runs the deploy. Declare "version", or use "offer"',
          },
        ]
      : []),
    ...(rollback === 'auto' && dispatch?.ask !== undefined
      ? [
          {
            key: 'rollback',
            message: 'cannot be "auto" with "dispatch.ask": nobody would fill in the inputs. Use "offer"',
          },
        ]
      : []),
  ]
}

export type DeclaredPhases = z.output<typeof phasesSchema>
export type DeclaredVersion = z.output<typeof versionSchema>

/** Every key of the file, to guess what a misspelled one means. */
export const KNOWN_KEYS = [
  'surfaces',
  ...Object.keys(surfaceSchema.shape),
  ...Object.keys(dispatchSchema.shape),
  ...Object.keys(versionSchema.shape),
  ...Object.keys(phasesSchema.shape),
]

/** The JSON Schema with which an editor completes and checks surfaces.yaml. Editors support draft 7. */
export const surfacesJsonSchema = () => z.toJSONSchema(surfacesFile, { target: 'draft-07', io: 'input' })
