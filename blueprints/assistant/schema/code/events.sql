-- The types of events of the assistant's document. It has no typed tables of them: they are read with their own words.

select events.install('assistant', $include events/assistant.json$);
