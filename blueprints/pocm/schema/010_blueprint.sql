-- The medical-device shop: its words over the modules' tables. The views are in code/, a file for each module they read.

select platform.blueprint('pocm', 'The medical-device shop: views over the tables of the modules.');
