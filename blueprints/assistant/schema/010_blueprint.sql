-- The commerce assistant: its words over the modules' tables. The views are in code/, a file for each module they read.

select platform.blueprint('assistant', 'The commerce assistant: views over the tables of the modules.');
