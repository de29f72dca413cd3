import 'server-only'
import { AUDIT_EXPORT_FORMATS } from '~/domain/audit/trail'
import { DEPLOY_KINDS } from '~/domain/deploy/approval'
import { DEPLOY_EXPORT_FORMATS, OUTCOMES } from '~/domain/deploy/deploy-list'
import { cookieName } from '~/server/auth/sessions/session-cookie'
import { callbackPaths } from '~/server/openapi/callback-paths'
import { approvalPaths, deployPaths, queuePaths } from '~/server/openapi/deploy-paths'
import { API_TOKEN_SCHEME, componentSchemas, operation, refTo, SESSION_SCHEME } from '~/server/openapi/operation'
import { surfacePaths } from '~/server/openapi/surface-paths'

/** OpenAPI 3.1 of every address under /api for scripts, made from the schemas that parse the requests. */
export function openApiDocument(consoleUrl: string) {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Deploy Console',
      version: '1',
      description:
        'Errors are problem documents (RFC 9457) whose `code` says what happened. A method that an address does not ' +
        'take is answered 405 with `Allow`. Answers may gain members; ignore unknown ones.',
    },
    servers: [{ url: consoleUrl }],
    paths: {
      ...deployPaths,
      ...surfacePaths,
      ...approvalPaths,
      ...queuePaths,
      ...callbackPaths,
      ...auditPaths,
      ...listPaths,
    },
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        [API_TOKEN_SCHEME]: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'dc_…',
          description:
            'An API token, made at /tokens. Each operation names the permission that the token needs. Its environments ' +
            'and surfaces, and its owner’s rights at the time of the request, limit what it may change. A signed-in ' +
            'browser may use the same addresses from the console’s own pages.',
        },
        [SESSION_SCHEME]: {
          type: 'apiKey',
          in: 'cookie',
          name: cookieName({ consoleUrl }),
          description:
            'The session of a signed-in person, from the console’s own pages. Operations that name it take no API token of a script, but that ' +
            'of a person’s command line.',
        },
      },
    },
  }
}

const filter = (name: string, description: string, schema: Readonly<Record<string, unknown>> = { type: 'string' }) => ({
  name,
  in: 'query' as const,
  description,
  schema,
})

export const auditPaths = {
  '/api/audit/export': {
    get: operation({
      id: 'exportAudit',
      permission: 'audit.read',
      summary: 'Download the audit trail, newest first',
      parameters: [
        {
          ...filter('format', 'CSV (RFC 4180) or a JSON array.', { enum: AUDIT_EXPORT_FORMATS }),
          required: true,
        },
        filter('deploy', 'Only this deploy.', { type: 'string', format: 'uuid' }),
        filter('surface', 'Only this surface’s id.'),
        filter('actor', 'Only this actor.'),
        filter('action', 'Only this action, such as `console.deploy.callback`.'),
        filter('from', 'Since this day or time, UTC.'),
        filter('to', 'Before this time, or until the end of this day, UTC.'),
      ],
      success: {
        status: 200,
        description: 'The rows that match the filter.',
        headers: { 'Content-Disposition': { required: true, schema: { type: 'string' } } },
        content: {
          'text/csv': { schema: { type: 'string' } },
          'application/json': { schema: { type: 'array', items: refTo('AuditEntry') } },
        },
      },
      problems: ['invalid_input'],
    }),
  },
}

const listPaths = {
  '/api/deploys/export': {
    get: operation({
      id: 'exportDeploys',
      permission: 'deploy.read',
      summary: 'Download the list of deploys, newest first',
      parameters: [
        { ...filter('format', 'CSV (RFC 4180) or a JSON array.', { enum: DEPLOY_EXPORT_FORMATS }), required: true },
        filter('surface', 'Only this surface’s id.'),
        filter('environment', 'Only deploys to this environment.'),
        filter('person', 'Only what this person requested, or `token:<label>`.'),
        filter('outcome', 'Only this outcome.', { enum: OUTCOMES }),
        filter('kind', 'Only this kind.', { enum: DEPLOY_KINDS }),
        filter('from', 'Requested since this day or time, UTC.'),
        filter('to', 'Requested before this time, or until the end of this day, UTC.'),
      ],
      success: {
        status: 200,
        description: 'The deploys that match the filter.',
        headers: { 'Content-Disposition': { required: true, schema: { type: 'string' } } },
        content: {
          'text/csv': { schema: { type: 'string' } },
          'application/json': { schema: { type: 'array', items: refTo('ListedDeploy') } },
        },
      },
      problems: ['invalid_input'],
    }),
  },
}
