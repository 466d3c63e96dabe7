using Clientele.Platform.Data;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Events.Tests;

/// <summary>Versions of schemas, batch operations, quarantine.</summary>
public sealed class RegistryTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Task<long> Register(string type, int version, string schema = "{}", bool theirs = false) =>
        database.For(theirs ? database.Beta : database.Alpha).Run($"insert into events.event_schemas (event_type, version, schema) values ({type}, {version}, {schema}::jsonb)", Ct);

    private Task<PostgresException> Refused(Sql statement) => Assert.ThrowsAsync<PostgresException>(() => database.Db.Run(statement, Ct));

    private Task<string> States(string type) => database.Db.One<string>($"select string_agg(s.version || ' ' || s.status, ', ' order by s.version) from events.event_schemas s where s.event_type = {type}", Ct);

    [Fact]
    public async Task A_schema_goes_from_draft_to_active_to_retired_and_one_of_a_type_is_active()
    {
        await Register("kept", 1);
        await Register("kept", 2);
        await database.Db.Run($"select events.activate_schema('kept', 1)", Ct);
        Assert.Equal("23505", (await Refused($"update events.event_schemas set status = 'active' where event_type = 'kept' and version = 2")).SqlState);
        await database.Db.Run($"select events.activate_schema('kept', 2)", Ct);
        Assert.Equal("1 retired, 2 active", await States("kept"));
        Assert.Equal("CL001", (await Refused($"select events.activate_schema('kept', 1)")).SqlState);
        Assert.Equal("1 retired, 2 active", await States("kept"));
        Assert.Equal("CL001", (await Refused($"insert into events.event_schemas (event_type, version, schema, status) values ('kept', 3, '{{}}', 'active')")).SqlState);
        Assert.Equal("23505", (await Assert.ThrowsAsync<PostgresException>(() => Register("kept", 2))).SqlState);
        Assert.Equal("CL004", (await Refused($"update events.event_schemas set schema = jsonb_build_object('type', 'object') where event_type = 'kept' and version = 1")).SqlState);
        Assert.Equal("P0002", (await Refused($"select events.activate_schema('kept', 9)")).SqlState);
        Assert.Equal("23514", (await Assert.ThrowsAsync<PostgresException>(() => Register("kept", 4, """{"anyOf": []}"""))).SqlState);
        // The other organization has versions of its own and sees none of these.
        await Register("kept", 1, theirs: true);
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from events.event_schemas s where s.status <> 'draft'", Ct));
        Assert.True(await database.Db.One<bool>($"select s.activated_at is not null and s.retired_at is not null from events.event_schemas s where s.event_type = 'kept' and s.version = 1", Ct));
    }

    [Fact]
    public async Task Of_eight_who_activate_a_version_at_once_one_version_is_active_in_the_end()
    {
        foreach (var version in Enumerable.Range(1, 8)) await Register("raced", version);
        await Task.WhenAll(Enumerable.Range(1, 8).Select(async version =>
        {
            try { await database.Db.Run($"select events.activate_schema('raced', {version})", Ct); }
            catch (PostgresException e) when (e.SqlState is "23505" or "CL001" or "40P01") { }
        }));
        Assert.Equal(1, await database.Db.One<long>($"select count(*) from events.event_schemas s where s.event_type = 'raced' and s.status = 'active'", Ct));
    }

    [Fact]
    public async Task The_catalogue_is_read_by_all_and_changed_by_none()
    {
        Assert.True(await database.For(database.Beta).One<long>($"select count(*) from events.event_types t where t.blueprint = 'platform'", Ct) >= 14);
        foreach (var statement in new Sql[] { $"delete from events.event_types", $"update events.event_types set title = 'x'", $"select events.install('pocm', '[]')", $"select events.typed_view('x', 'pocm', '{{}}')" })
            Assert.Equal("42501", (await Refused(statement)).SqlState);
        // What the platform itself writes is in it.
        Assert.Empty(new[] { "order_placed", "order_completed", "order_refunded", "order_adjusted", "page_view", "session_started", "product_viewed", "products_searched", "product_added", "product_removed", "checkout_started",
            "signed_up", "newsletter_subscribed", "import_undone" }.Except(await database.Db.List<string>($"select t.event_type from events.event_types t where t.blueprint = 'platform'", Ct)));
    }

    [Fact]
    public async Task A_batch_operation_counts_what_was_taken_and_ends_once()
    {
        var id = await database.Db.One<Guid>($"insert into events.batch_operations (source, total_count) values ('readings.csv', 100) returning id", Ct);
        Assert.Equal("CL001", (await Refused($"update events.batch_operations set status = 'completed', finished_at = now() where id = {id}")).SqlState);
        await database.Db.Run($"update events.batch_operations set status = 'processing', started_at = now(), accepted_count = 90, rejected_count = 10 where id = {id}", Ct);
        Assert.Equal(100, await database.Db.One<long>($"select b.processed_count from events.batch_operations b where b.id = {id}", Ct));
        Assert.Equal("23514", (await Refused($"update events.batch_operations set accepted_count = 91 where id = {id}")).SqlState);
        Assert.Equal("23514", (await Refused($"update events.batch_operations set status = 'completed' where id = {id}")).SqlState);
        await database.Db.Run($"update events.batch_operations set status = 'completed', finished_at = now() where id = {id}", Ct);
        Assert.Equal("CL001", (await Refused($"update events.batch_operations set status = 'processing', finished_at = null where id = {id}")).SqlState);
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from events.batch_operations", Ct));
        Assert.Equal("23514", (await Refused($"insert into events.batch_operations (source, operation_type) values ('x', 'bulk_mail')")).SqlState);
    }

    [Fact]
    public async Task What_could_be_no_event_waits_in_quarantine_until_it_is_settled()
    {
        var id = await database.Db.One<Guid>($"insert into events.quarantined_events (reason, problems, event_type, payload) values ('invalid', array['quantity must be at least 1'], 'product_added', jsonb_build_object('quantity', 0)) returning id", Ct);
        Assert.Equal("23514", (await Refused($"insert into events.quarantined_events (reason, payload) values ('boring', jsonb_build_object())")).SqlState);
        Assert.Equal("23514", (await Refused($"update events.quarantined_events set status = 'replayed' where id = {id}")).SqlState);
        await database.Db.Run($"update events.quarantined_events set status = 'discarded', settled_at = now() where id = {id}", Ct);
        Assert.Equal("CL001", (await Refused($"update events.quarantined_events set status = 'waiting', settled_at = null where id = {id}")).SqlState);
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from events.quarantined_events", Ct));
    }
}
