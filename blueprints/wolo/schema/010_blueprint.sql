-- Birthday pots: its words over the modules' tables. The views are in code/, a file for each module they read.

select platform.blueprint('wolo', 'Birthday pots: views over the tables of the modules.');
