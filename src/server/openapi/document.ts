import 'server-only'
import { cookieName } from '~/server/auth/sessions/session-cookie'
import { approvalPaths } from '~/server/openapi/approval-paths'
import { auditPaths } from '~/server/openapi/audit-paths'
import { callbackPaths } from '~/server/openapi/callback-paths'
import { deployPaths } from '~/server/openapi/deploy-paths'
import { API_TOKEN_SCHEME, SESSION_SCHEME } from '~/server/openapi/operation'
import { componentSchemas } from '~/server/openapi/schemas'

/** OpenAPI 3.1 of everything under /api that is not the screen's own, from the schemas that parse the requests. */
export function openApiDocument(consoleUrl: string) {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Deploy Console',
      version: '1',
      description:
        'Errors are problem documents (RFC 9457) whose `code` says what happened. A method an address does not take ' +
        'is answered 405 with `Allow`. Answers may gain members; ignore those you do not know.',
    },
    servers: [{ url: consoleUrl }],
    paths: { ...deployPaths, ...approvalPaths, ...callbackPaths, ...auditPaths },
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        [API_TOKEN_SCHEME]: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'dc_…',
          description:
            'An API token, made at /tokens. Each operation names the permission it must hold; its environments and ' +
            'surfaces limit what it changes, and so does what its owner may do at that moment. A browser that is signed ' +
            'in may use the same addresses from the console’s own pages.',
        },
        [SESSION_SCHEME]: {
          type: 'apiKey',
          in: 'cookie',
          name: cookieName({ consoleUrl }),
          description:
            'The session of a person who is signed in, from the console’s own pages. What names it takes no API token.',
        },
      },
    },
  }
}
