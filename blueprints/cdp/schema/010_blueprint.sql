-- The customer data platform: its words over the modules' tables. The views are in code/, a file for each module they read.

select platform.blueprint('cdp', 'The customer data platform: views over the tables of the modules.');
