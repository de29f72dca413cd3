-- Loses when GitHub's webhooks were heard last: the console asks GitHub as often as without them until it hears the next one.
DROP TABLE "webhook_hearings";
