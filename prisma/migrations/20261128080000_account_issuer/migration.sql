-- AlterTable
ALTER TABLE "accounts" ADD COLUMN     "issuer" TEXT;
