using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Platform.Tests;

/// <summary>The mechanisms every module's tables are made with, on tables made for it; eight writers at once where it is about limits.</summary>
public sealed class MechanismTests(MechanismTests.Database database) : IClassFixture<MechanismTests.Database>
{
    private const int Writers = 8;

    public sealed class Database : TestDatabase
    {
        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            await using var owner = await Databases.OpenOwner(CancellationToken.None);
            await owner.Run("""
                create schema probe;
                grant usage on schema probe to clientele_app, clientele_service, clientele_readonly;

                create table probe.tickets (
                    organization_id uuid not null references platform.organizations (id) on delete cascade,
                    id uuid not null default gen_random_uuid(), customer_id uuid, status text not null default 'draft', note text,
                    updated_at timestamptz not null default '2000-01-01', primary key (organization_id, id));
                select platform.protect('probe.tickets', 'organization');
                select platform.states('probe.tickets', 'status', $$
                    draft > open, closed
                    open  > closed
                    closed
                $$, initial => '{draft, open}', told_as => 'ticket_changed', about => 'customer_id');

                create table probe.points (
                    organization_id uuid not null references platform.organizations (id) on delete cascade,
                    id uuid not null default gen_random_uuid(), who text not null,
                    entry bigint not null, amount bigint not null, balance bigint not null, idempotency_key text not null, primary key (organization_id, id));
                select platform.protect('probe.points', 'organization');
                select platform.ledger('probe.points', '{who}');
                create policy owner on probe.points to clientele_owner using (true) with check (true);

                create table probe.winners (organization_id uuid not null, id uuid not null default gen_random_uuid(), primary key (organization_id, id));
                select platform.protect('probe.winners', 'organization');

                create table probe.readings (
                    organization_id uuid not null, id uuid not null default gen_random_uuid(), value integer not null, taken_at timestamptz not null,
                    primary key (organization_id, id, taken_at)) partition by range (taken_at);
                select platform.protect('probe.readings', 'organization');
                select platform.partitioned('probe.readings', ahead => 2, past => 1);

                create table probe.people (
                    organization_id uuid not null, id uuid not null default gen_random_uuid(), name text not null, kind text not null default 'plain', born date,
                    score integer not null default 7, primary key (organization_id, id), unique (organization_id, name));
                comment on table probe.people is 'People.';
                comment on column probe.people.born is 'A date.';
                select platform.protect('probe.people', 'organization');
                create table probe.extras (organization_id uuid not null, person_id uuid not null, points integer not null, primary key (organization_id, person_id),
                    foreign key (organization_id, person_id) references probe.people (organization_id, id) on delete cascade);
                select platform.protect('probe.extras', 'organization');

                create schema words;
                select platform.blueprint('words', 'Words of a product.');
                select platform.blueprint_view('words.persons', 'probe.people', $$
                    id, full_name = name, born, score
                    year = extract(year from b.born)::integer
                $$);
                select platform.blueprint_view('words.stars', 'probe.people', $$
                    id, full_name = name, score
                    points = coalesce(e.points, 0)
                $$, keep => 'b.kind = ''star''', joined => 'left join probe.extras e on e.organization_id = b.organization_id and e.person_id = b.id', fixed => '{"kind": "star"}');
                select platform.blueprint_view('words.plain_people', 'probe.people', 'id, name, kind', keep => 'b.kind = ''plain''')
                """);
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Db Alpha => database.Db;

    private Db Beta => database.For(database.Beta);

    // ----- states

    [Fact]
    public async Task A_state_follows_only_what_was_declared_and_the_refusal_says_what_could_follow()
    {
        var id = await Alpha.One<Guid>($"insert into probe.tickets (status) values ('draft') returning id", Ct);
        Assert.Equal(1, await Alpha.Run($"update probe.tickets t set status = 'open' where t.id = {id}", Ct));
        Assert.Equal(1, await Alpha.Run($"update probe.tickets t set status = 'open', note = 'the same state' where t.id = {id}", Ct));
        var refused = await Expect.Refused(Expect.WrongState, () => Alpha.Run($"update probe.tickets t set status = 'draft' where t.id = {id}", Ct));
        Assert.Contains("From there it goes to: closed.", refused.MessageText, StringComparison.Ordinal);
        Assert.Equal("status", refused.ColumnName);
        await Alpha.Run($"update probe.tickets t set status = 'closed' where t.id = {id}", Ct);
        refused = await Expect.Refused(Expect.WrongState, () => Alpha.Run($"update probe.tickets t set status = 'open' where t.id = {id}", Ct));
        Assert.Contains("There it stays.", refused.MessageText, StringComparison.Ordinal);
        Assert.Equal("closed", await Alpha.One<string>($"select t.status from probe.tickets t where t.id = {id}", Ct));
        Assert.Equal(0, await Beta.Run($"update probe.tickets t set status = 'open' where t.id = {id}", Ct));
    }

    [Fact]
    public async Task A_row_begins_only_in_an_initial_state_and_no_state_is_unknown()
    {
        var refused = await Expect.Refused(Expect.WrongState, () => Alpha.Run($"insert into probe.tickets (status) values ('closed')", Ct));
        Assert.Contains("draft, open", refused.MessageText, StringComparison.Ordinal);
        await Expect.Refused(Expect.NotNull, () => Alpha.Run($"insert into probe.tickets (status) values (null)", Ct));
        var id = await Beta.One<Guid>($"insert into probe.tickets (status) values ('open') returning id", Ct);
        // A state nobody declared follows nothing either.
        await Expect.Refused(Expect.WrongState, () => Beta.Run($"update probe.tickets t set status = 'banana' where t.id = {id}", Ct));
        Assert.Equal(["closed", "draft", "open"], await Alpha.List<string>($"select distinct t.from_state from platform.transitions t where t.relation = 'probe.tickets' order by 1", Ct));
    }

    [Fact]
    public async Task Each_change_of_a_state_is_told_to_the_log_about_its_customer()
    {
        var customer = Guid.CreateVersion7();
        var id = await Alpha.One<Guid>($"insert into probe.tickets (customer_id) values ({customer}) returning id", Ct);
        await Alpha.Run($"update probe.tickets t set note = 'nothing to tell' where t.id = {id}", Ct);
        await Alpha.Run($"update probe.tickets t set status = 'open' where t.id = {id}", Ct);
        var told = await Alpha.List<JsonElement>($"select e.properties from log.events e where e.event_type = 'ticket_changed' and e.customer_id = {customer}", Ct);
        Assert.Equal(("draft", "open"), (Assert.Single(told).GetProperty("from").GetString(), told[0].GetProperty("to").GetString()));
        Assert.Equal(id, told[0].GetProperty("id").GetGuid());
        Assert.Empty(await Beta.List<Guid>($"select e.id from log.events e where e.customer_id = {customer}", Ct));
        // Rolled back, it was never told.
        await Assert.ThrowsAsync<InvalidOperationException>(() => Alpha.InTransaction(async t =>
        {
            await t.Run($"update probe.tickets t set status = 'closed' where t.id = {id}", Ct);
            throw new InvalidOperationException();
        }, Ct));
        Assert.Equal(1, await Alpha.One<long>($"select count(*) from log.events e where e.customer_id = {customer}", Ct));
    }

    [Fact]
    public async Task Updated_at_is_kept_without_asking()
    {
        var id = await Alpha.One<Guid>($"insert into probe.tickets default values returning id", Ct);
        await Alpha.Run($"update probe.tickets t set note = 'x' where t.id = {id}", Ct);
        Assert.True(await Alpha.One<bool>($"select t.updated_at > now() - interval '1 hour' from probe.tickets t where t.id = {id}", Ct));
    }

    // ----- ledger

    private static Task<long> Post(Db db, string who, long amount, string key) =>
        db.Run($"insert into probe.points (who, amount, idempotency_key) values ({who}, {amount}, {key})", Ct);

    [Fact]
    public async Task Eight_spenders_never_take_a_balance_below_zero()
    {
        await Post(Alpha, "race", 5, "race-in");
        await Post(Beta, "race", 100, "race-in");
        var outcomes = await Expect.AtOnce(Writers, n => Post(Alpha, "race", -1, $"race-{n}"));
        Assert.Equal(5, outcomes.Count(o => o.Value == 1));
        Assert.All(outcomes.Where(o => o.Refusal is not null), o => Assert.Equal(Expect.BalanceTooLow, o.Refusal));
        var entries = await Alpha.List<long>($"select p.balance from probe.points p where p.who = 'race' order by p.entry", Ct);
        Assert.Equal([5, 4, 3, 2, 1, 0], entries);
        Assert.Equal([1, 2, 3, 4, 5, 6], await Alpha.List<long>($"select p.entry from probe.points p where p.who = 'race' order by p.entry", Ct));
        Assert.Equal([100], await Beta.List<long>($"select p.balance from probe.points p where p.who = 'race'", Ct));
    }

    [Fact]
    public async Task A_repeated_key_adds_nothing_however_many_repeat_it()
    {
        var outcomes = await Expect.AtOnce(Writers, _ => Post(Alpha, "repeat", 10, "the-same"));
        Assert.Equal(1, outcomes.Sum(o => o.Value));
        Assert.All(outcomes, o => Assert.Null(o.Refusal));
        Assert.Equal(1, await Post(Beta, "repeat", 10, "the-same"));
        await Expect.Refused(Expect.KeyUsedOtherwise, () => Post(Alpha, "repeat", 11, "the-same"));
        Assert.Equal([10], await Alpha.List<long>($"select p.balance from probe.points p where p.who = 'repeat'", Ct));
    }

    [Fact]
    public async Task Accounts_are_counted_apart_and_nothing_is_no_entry()
    {
        await Post(Alpha, "one", 3, "one-in");
        await Expect.Refused(Expect.BalanceTooLow, () => Post(Alpha, "two", -1, "two-out"));
        await Expect.Refused(Expect.Check, () => Post(Alpha, "one", 0, "one-zero"));
        await Expect.Refused(Expect.BalanceTooLow, () => Post(Beta, "one", -1, "one-out"));
    }

    [Fact]
    public async Task What_a_ledger_holds_is_never_changed_by_anybody()
    {
        await Post(Alpha, "kept", 3, "kept-in");
        await Post(Beta, "kept", 3, "kept-in");
        foreach (var db in new[] { Alpha, database.Service })
        {
            await Expect.Refused(Expect.Forbidden, () => db.Run($"update probe.points set amount = 4", Ct));
            await Expect.Refused(Expect.Forbidden, () => db.Run($"delete from probe.points", Ct));
            await Expect.Refused(Expect.Forbidden, () => db.Run($"truncate probe.points", Ct));
        }
        foreach (var open in new Func<Task<NpgsqlConnection>>[] { () => database.Databases.OpenOwner(Ct), database.OpenSuperuser })
        {
            await using var connection = await open();
            foreach (var statement in new[] { "update probe.points set amount = 4", "delete from probe.points", "truncate probe.points" })
                await Expect.Refused(Expect.OnlyAddedTo, () => connection.Run(statement));
        }
        Assert.Equal([3], await Alpha.List<long>($"select p.balance from probe.points p where p.who = 'kept'", Ct));
    }

    [Fact]
    public async Task A_ledger_goes_with_its_organization()
    {
        var gone = await database.Service.One<Guid>($"insert into platform.organizations (slug, name) values ('gone', 'Gone') returning id", Ct);
        await Post(database.For(Tenant.System(gone)), "gone", 3, "gone-in");
        await database.Service.Run($"delete from platform.organizations o where o.id = {gone}", Ct);
        Assert.False(await database.Service.One<bool>($"select exists (select from probe.points p where p.organization_id = {gone})", Ct));
    }

    // ----- limits

    [Fact]
    public async Task Of_eight_who_take_of_five_exactly_five_get_one()
    {
        var outcomes = await Expect.AtOnce(Writers, _ => Alpha.InTransaction(async t =>
        {
            var place = await t.One<long>($"select platform.take('probe.prizes', 'race', 5)", Ct);
            await t.Run($"insert into probe.winners default values", Ct);
            return place;
        }, Ct));
        Assert.Equal([1, 2, 3, 4, 5], outcomes.Where(o => o.Refusal is null).Select(o => o.Value).Order());
        Assert.All(outcomes.Where(o => o.Refusal is not null), o => Assert.Equal(Expect.LimitReached, o.Refusal));
        Assert.Equal(5, await Alpha.One<long>($"select count(*) from probe.winners", Ct));
        // Another organization, another subject and another day have limits of their own.
        Assert.Equal(1, await Beta.One<long>($"select platform.take('probe.prizes', 'race', 5)", Ct));
        Assert.Equal(1, await Alpha.One<long>($"select platform.take('probe.prizes', 'other', 5)", Ct));
        Assert.Equal(1, await Alpha.One<long>($"select platform.take('probe.prizes', 'race', 5, period => date '2026-11-20')", Ct));
    }

    [Fact]
    public async Task Who_rolls_back_gives_back_and_who_gives_back_frees_a_place()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Alpha.InTransaction(async t =>
        {
            Assert.Equal(2, await t.One<long>($"select platform.take('probe.back', 'a', 2, 2)", Ct));
            throw new InvalidOperationException();
        }, Ct));
        Assert.Equal(2, await Alpha.One<long>($"select platform.take('probe.back', 'a', 2, 2)", Ct));
        Assert.Equal(2, await Beta.One<long>($"select platform.take('probe.back', 'a', 2, 2)", Ct));
        await Expect.Refused(Expect.LimitReached, () => Alpha.One<long>($"select platform.take('probe.back', 'a', 2)", Ct));
        await Alpha.Run($"select platform.give_back('probe.back', 'a')", Ct);
        Assert.Equal(2, await Alpha.One<long>($"select platform.take('probe.back', 'a', 2)", Ct));
        await Expect.Refused(Expect.LimitReached, () => Beta.One<long>($"select platform.take('probe.back', 'a', 2)", Ct));
        // More than there can ever be, the first time too.
        await Expect.Refused(Expect.LimitReached, () => Alpha.One<long>($"select platform.take('probe.back', 'b', 2, 3)", Ct));
    }

    [Fact]
    public async Task A_limit_is_counted_by_its_functions_alone_and_never_backwards()
    {
        var key = database.For(database.Alpha with { Access = Access.Key });
        Assert.Equal(2, await key.One<long>($"select platform.take('probe.honest', 'a', 3, 2)", Ct));
        foreach (var amount in new[] { 0, -1, -100 })
        {
            await Expect.Refused(Expect.Check, () => key.One<long>($"select platform.take('probe.honest', 'a', 3, {amount})", Ct));
            await Expect.Refused(Expect.Check, () => key.Run($"select platform.give_back('probe.honest', 'a', {amount})", Ct));
        }
        await Expect.Refused(Expect.Forbidden, () => Alpha.Run($"update platform.usage_counters c set used = 0", Ct));
        await Expect.Refused(Expect.Forbidden, () => Alpha.Run($"delete from platform.usage_counters c", Ct));
        await Expect.Refused(Expect.Forbidden, () => Alpha.Run($"insert into platform.usage_counters (limit_name, used) values ('probe.honest', 0)", Ct));
        await Expect.Refused(Expect.Forbidden, () => database.For(Tenant.None).One<long>($"select platform.take('probe.honest', 'a', 3)", Ct));
        // Of another organization nothing is given back, and of one's own no more than is used.
        await Beta.Run($"select platform.give_back('probe.honest', 'a', 2)", Ct);
        Assert.Equal(2, await Alpha.One<long>($"select c.used from platform.usage_counters c where c.limit_name = 'probe.honest'", Ct));
        await key.Run($"select platform.give_back('probe.honest', 'a', 100)", Ct);
        Assert.Equal(0, await Alpha.One<long>($"select c.used from platform.usage_counters c where c.limit_name = 'probe.honest'", Ct));
        Assert.Empty(await Beta.List<long>($"select c.used from platform.usage_counters c where c.limit_name = 'probe.honest'", Ct));
        // The largest limit there is does not overflow.
        Assert.Equal(1, await key.One<long>($"select platform.take('probe.large', 'a', {long.MaxValue})", Ct));
        await Expect.Refused(Expect.LimitReached, () => key.One<long>($"select platform.take('probe.large', 'a', {long.MaxValue}, {long.MaxValue})", Ct));
    }

    // ----- partitions

    [Fact]
    public async Task Partitions_are_made_ahead_once_and_the_past_has_one()
    {
        var names = "select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'probe.readings'::regclass";
        await using var superuser = await database.OpenSuperuser();
        async Task<List<string>> Names()
        {
            await using var command = new NpgsqlCommand(names, superuser);
            await using var reader = await command.ExecuteReaderAsync(Ct);
            var found = new List<string>();
            while (await reader.ReadAsync(Ct)) found.Add(reader.GetString(0));
            return found;
        }
        Assert.Equal(5, (await Names()).Count); // history, last month, this, and two ahead
        Assert.Equal(0, await database.Service.One<int>($"select platform.make_partitions('probe.readings')", Ct));
        var made = await Expect.AtOnce(Writers, _ => database.Service.One<int>($"select platform.make_partitions('probe.readings', 4)", Ct));
        Assert.Equal(2, made.Sum(m => m.Value));
        Assert.Equal(7, (await Names()).Count);
        await Expect.Refused(Expect.Forbidden, () => Alpha.One<int>($"select platform.make_partitions('probe.readings', 24)", Ct));

        await Alpha.Run($"insert into probe.readings (value, taken_at) values (1, now()), (2, '1999-01-01Z'), (3, now() + interval '1 month')", Ct);
        await Beta.Run($"insert into probe.readings (value, taken_at) values (9, now())", Ct);
        var places = await Alpha.List<string>($"select r.tableoid::regclass::text from probe.readings r order by r.taken_at", Ct);
        Assert.Equal(3, places.Distinct().Count());
        Assert.Equal("probe.readings_history", places[0]);
        await Expect.Refused(Expect.Check, () => Alpha.Run($"insert into probe.readings (value, taken_at) values (4, now() + interval '1 year')", Ct));
    }

    // ----- blueprints

    [Fact]
    public async Task A_view_renames_and_writes_for_the_organization_that_asks()
    {
        var id = await Alpha.One<Guid>($"insert into words.persons (full_name, born) values ('Ann', '2000-05-01') returning id", Ct);
        await Beta.Run($"insert into words.persons (full_name) values ('Ann')", Ct);
        Assert.Equal(2000, await Alpha.One<int>($"select p.year from words.persons p where p.full_name = 'Ann'", Ct));
        Assert.Equal(database.Alpha.OrganizationId, await Alpha.One<Guid>($"select p.organization_id from probe.people p where p.id = {id}", Ct));
        Assert.Equal(1, await Alpha.Run($"update words.persons p set full_name = 'Anna' where p.full_name like 'Ann%'", Ct));
        Assert.Equal(1, await Beta.One<long>($"select count(*) from words.persons p where p.full_name = 'Ann'", Ct));
        await Alpha.Run($"insert into words.persons (id, full_name) values ({id}, 'x') on conflict do nothing", Ct);
        Assert.Equal(0, await Beta.Run($"delete from words.persons p where p.id = {id}", Ct));
        Assert.Equal(1, await Alpha.Run($"delete from words.persons p where p.id = {id}", Ct));
        Assert.Equal("A date.", await Alpha.One<string>($"select col_description('words.persons'::regclass, 3)", Ct));
    }

    [Fact]
    public async Task A_view_is_read_by_the_plan_of_its_table()
    {
        var plan = string.Join('\n', await Alpha.List<string>($"explain select p.full_name from words.persons p where p.full_name = 'Ann'", Ct));
        Assert.DoesNotContain("Subquery Scan", plan, StringComparison.Ordinal);
        Assert.Contains("on people b", plan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_worked_out_cannot_be_written()
    {
        await Expect.Refused(Expect.NotInView, () => Alpha.Run($"insert into words.persons (full_name, year) values ('Y', 1999)", Ct));
        await Expect.Refused(Expect.NotWritable, () => Alpha.Run($"insert into words.stars (full_name, points) values ('Y', 3)", Ct));
        await Beta.Run($"insert into words.stars (full_name) values ('Y')", Ct);
        await Expect.Refused(Expect.NotWritable, () => Beta.Run($"update words.stars set points = 3", Ct));
        Assert.Equal("coalesce(e.points, 0)", await Alpha.One<string>($"select c.derived_from from platform.blueprint_columns c where c.blueprint = 'words' and c.relation = 'stars' and c.column_name = 'points'", Ct));
    }

    [Fact]
    public async Task A_view_that_joins_writes_its_table_and_its_hidden_value()
    {
        var id = await Alpha.One<Guid>($"insert into words.stars (full_name) values ('Vega') returning id", Ct);
        Assert.Equal(("star", 7), ((await Alpha.One<string>($"select p.kind from probe.people p where p.id = {id}", Ct)), await Alpha.One<int>($"select s.score from words.stars s where s.id = {id}", Ct)));
        await Alpha.Run($"insert into probe.extras (person_id, points) values ({id}, 12)", Ct);
        Assert.Equal(12, await Alpha.One<int>($"update words.stars s set full_name = 'Vega 2', score = 9 where s.id = {id} returning points", Ct));
        Assert.Equal(9, await Alpha.One<int>($"select p.score from probe.people p where p.name = 'Vega 2'", Ct));
        Assert.Equal(0, await Beta.Run($"update words.stars s set full_name = 'stolen' where s.id = {id}", Ct));
        Assert.Equal(0, await Beta.Run($"delete from words.stars s where s.id = {id}", Ct));
        await Alpha.Run($"insert into words.persons (full_name) values ('no star')", Ct);
        Assert.DoesNotContain("no star", await Alpha.List<string>($"select s.full_name from words.stars s", Ct));
        Assert.Equal(1, await Alpha.Run($"delete from words.stars s where s.id = {id}", Ct));
        Assert.False(await Alpha.One<bool>($"select exists (select from probe.people p where p.id = {id})", Ct));
    }

    [Fact]
    public async Task A_view_of_some_rows_takes_no_others()
    {
        await Alpha.Run($"insert into words.plain_people (name, kind) values ('Plain', 'plain')", Ct);
        await Expect.Refused(Expect.OutsideView, () => Alpha.Run($"insert into words.plain_people (name, kind) values ('Odd', 'odd')", Ct));
        await Expect.Refused(Expect.OutsideView, () => Alpha.Run($"update words.plain_people p set kind = 'odd' where p.name = 'Plain'", Ct));
        Assert.Empty(await Beta.List<string>($"select p.name from words.plain_people p where p.name = 'Plain'", Ct));
    }

    // ----- types

    [Theory]
    [InlineData("98765432109.87", "money", null)]
    [InlineData("1000000000000", "money", Expect.TooLarge)]
    [InlineData("0.000001", "unit_price", null)]
    [InlineData("0.985", "rate", null)]
    [InlineData("98.5", "rate", Expect.TooLarge)]
    [InlineData("1.5", "rate", Expect.Check)]
    [InlineData("-0.1", "rate", Expect.Check)]
    [InlineData("EUR", "currency", null)]
    [InlineData("euro", "currency", Expect.Check)]
    [InlineData("a@x.io", "email_address", null)]
    [InlineData("nobody", "email_address", Expect.Check)]
    [InlineData("@x", "email_address", Expect.Check)]
    [InlineData("Africa/Dakar", "time_zone", null)]
    [InlineData("UTC", "time_zone", null)]
    [InlineData("Mars/Olympus", "time_zone", Expect.Check)]
    [InlineData("EST", "time_zone", Expect.Check)]
    [InlineData("EST5EDT", "time_zone", Expect.Check)]
    public async Task A_type_takes_what_it_means_and_nothing_else(string value, string type, string? refusal)
    {
        await using var connection = await database.Databases.OpenOwner(Ct);
        async Task<string> Cast()
        {
            await using var command = new NpgsqlCommand($"select ($1::platform.{type})::text", connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = value } } };
            return (string)(await command.ExecuteScalarAsync(Ct))!;
        }
        if (refusal is null) Assert.StartsWith(value, await Cast(), StringComparison.Ordinal);
        else await Expect.Refused(refusal, Cast);
    }
}
