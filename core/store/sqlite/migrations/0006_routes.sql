-- A class may be that of a routing rule. The rule's name is what stays when the configuration
-- changes; '' is no rule.
ALTER TABLE classes ADD COLUMN route TEXT NOT NULL DEFAULT '';
DROP INDEX classes_by_meaning;
CREATE UNIQUE INDEX classes_by_meaning ON classes (channel, ifnull(pinned, 0), route);
