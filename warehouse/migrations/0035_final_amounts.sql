-- What an open deal is expected to be worth if it is won, where the model moves it; the open amount where it does not, null without one.
-- Null in rows of builds before this release: there the open amount stands.
set role owner_ddl;

alter table scores.opportunity_scores add column final_gross_amount numeric(18, 2);

reset role;
