-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "proof_asked_of" TEXT;
