-- Loses who gave whom access (the audit trail keeps it). The older version takes the approval of somebody the requester has just
-- let in: lock what asks for a second person before rolling back.
DROP TABLE "access_given";
