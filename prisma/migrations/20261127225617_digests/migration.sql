-- CreateTable
CREATE TABLE "Digest" (
    "userId" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "newestAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Digest_pkey" PRIMARY KEY ("userId","channel")
);

-- AddForeignKey
ALTER TABLE "Digest" ADD CONSTRAINT "Digest_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
