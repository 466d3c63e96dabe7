-- The types of events of spiritual guidance. Its document has no typed tables of them: they are read with their own words.

select events.install('jyotiflow', $include events/guidance.json$);
