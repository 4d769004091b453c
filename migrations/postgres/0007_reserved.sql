-- Holds the number until the migration that has it is merged: delete this file then.
-- compatible_from: 6

select 1;
