-- A file that fails after it has made something: see MigrationTests.
create table broken.things (id integer);
select no_such_thing();
