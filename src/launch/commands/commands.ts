import { auditCheckpointCommand, auditRecords, auditVerify } from './audit.ts'
import type { Command } from './command.ts'
import { tokenCreate, tokenList, tokenRevoke } from './token.ts'

/** What `npm run console -- …` can do. */
export const COMMANDS: readonly Command[] = [
  auditVerify,
  auditCheckpointCommand,
  auditRecords,
  tokenCreate,
  tokenList,
  tokenRevoke,
]
