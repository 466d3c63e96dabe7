using Clientele.Platform.Migrations;
using Clientele.Platform.Tenancy;
using Clientele.Testing;

namespace Clientele.Blueprints.Tests;

public sealed class ApplyTests(ApplyTests.Database database) : IClassFixture<ApplyTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("cdp")]
    [InlineData("pocm")]
    [InlineData("assistant")]
    [InlineData("wolo")]
    [InlineData("jyotiflow")]
    public async Task Applying_registers_what_is_new_and_leaves_the_rest(string name)
    {
        var known = await database.Db.One<long>($"select count(*) from events.event_types t where t.blueprint = {name}", Ct);
        Assert.True(known > 0);
        // One type the organization has decided about before.
        var type = await database.Db.One<string>($"select min(t.event_type) from events.event_types t where t.blueprint = {name} and not exists (select from events.event_schemas s where s.event_type = t.event_type)", Ct);
        await database.Db.Run($"insert into events.event_schemas (event_type, version, schema) values ({type}, 7, jsonb_build_object('type', 'object'))", Ct);
        var before = await database.Db.One<long>($"select count(*) from events.event_schemas s where s.event_type in (select t.event_type from events.event_types t where t.blueprint = {name})", Ct);

        var applied = await ApplyBlueprint.Apply(database.Db, name, "main", Ct);

        Assert.Equal(known - before, applied.EventTypes);
        Assert.Equal(name == "cdp" ? 8 : 0, applied.Settings); // the other documents name none
        Assert.Equal("draft 7", await database.Db.One<string>($"select string_agg(s.status || ' ' || s.version, ', ') from events.event_schemas s where s.event_type = {type}", Ct));
        Assert.Equal(known - 1, await database.Db.One<long>($"""
            select count(*) from events.event_schemas s join events.event_types t on t.event_type = s.event_type and t.blueprint = {name} where s.status = 'active'
            """, Ct));
        Assert.Equal(name, await database.Db.One<string>($"select w.blueprint from platform.workspaces w where w.slug = 'main'", Ct));

        var again = await ApplyBlueprint.Apply(database.Db, name, null, Ct);
        Assert.Equal((0, 0, 0), (again.EventTypes, again.Settings, again.Views));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from events.event_schemas s", Ct));
    }

    [Theory]
    [InlineData("cdp")]
    [InlineData("assistant")]
    [InlineData("wolo")]
    [InlineData("jyotiflow")]
    public async Task Each_type_of_event_is_a_table_then(string name)
    {
        await database.Db.One<long>($"select events.show_types({name})", Ct);
        var bare = await database.Service.List<string>($"select t.event_type from events.event_types t where t.blueprint = {name} and (t.view_name is null or to_regclass(t.blueprint || '.' || t.view_name) is null)", Ct);
        Assert.Empty(bare);
        // Every view has a column for each property, which says what it means.
        var problems = await database.Service.List<string>($"""
            select t.view_name || '.' || f from events.event_types t, unnest(t.fields) as f where t.blueprint = {name} and t.view_name = t.event_type
            and not exists (select from pg_attribute a where a.attrelid = to_regclass(t.blueprint || '.' || t.view_name) and a.attname = f and col_description(a.attrelid, a.attnum) <> '')
            """, Ct);
        Assert.NotEqual(0, await database.Service.One<long>($"select count(*) from events.event_types t where t.blueprint = {name} and t.view_name = t.event_type", Ct));
        Assert.Empty(problems);
    }

    [Fact]
    public async Task What_happened_is_recorded_through_the_view_of_its_type_and_stays_with_its_organization()
    {
        await database.Db.One<long>($"select events.show_types('wolo')", Ct);
        Assert.Equal(1, await database.Db.Run($"insert into wolo.app_opened (screen, platform, anonymous_id) values ('home', 'web', 'a1')", Ct));
        Assert.Equal("home web", await database.Db.One<string>($"select o.screen || ' ' || o.platform from wolo.app_opened o", Ct));
        Assert.Equal("app_opened", await database.Db.One<string>($"select e.event_type from log.events e where e.properties ->> 'anonymous_id' = 'a1'", Ct));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from wolo.app_opened o", Ct));
    }

    [Fact]
    public async Task Views_that_were_made_are_there_after_the_catalogue_is_installed_anew()
    {
        await using var owner = await database.Databases.OpenOwner(Ct);
        async Task Install(string properties)
        {
            await owner.Run($$"""
                create schema if not exists probe;
                grant usage on schema probe to clientele_app, clientele_service;
                select events.install('probe', '[{"title": "App", "category": "app", "about": "customer", "description": "The app.", "types": [{"type": "probe_opened", "title": "Opened"}, {"type": "probe_closed", "title": "Closed"}], "properties": {{properties}}}]')
                """);
        }
        await Install("""{"screen": {"type": "string", "description": "Screen."}}""");
        Assert.Equal("42501", (await Assert.ThrowsAsync<Npgsql.PostgresException>(() => database.For(database.Beta with { Access = Access.Member }).One<long>($"select events.show_types('probe')", Ct))).SqlState);
        Assert.Equal(2, await database.Db.One<long>($"select events.show_types('probe')", Ct));
        await Install("""{"depth": {"type": "integer", "description": "How deep.", "minimum": 0}}""");
        Assert.Equal(1, await database.Db.Run($"insert into probe.probe_opened (depth) values (3)", Ct));
        Assert.Equal(3, await database.Db.One<long>($"select o.depth from probe.probe_opened o", Ct));
        Assert.Equal(0, await database.Db.One<long>($"select events.show_types('probe')", Ct));
        await owner.Run("drop schema probe cascade; delete from events.event_types t where t.blueprint = 'probe'");
    }

    [Fact]
    public async Task What_does_not_exist_is_named_with_what_does()
    {
        var blueprint = await Assert.ThrowsAsync<SetupException>(() => ApplyBlueprint.Apply(database.Db, "shopify", null, Ct));
        Assert.Contains("cdp, pocm, assistant, wolo, jyotiflow", blueprint.Message, StringComparison.Ordinal);
        var workspace = await Assert.ThrowsAsync<SetupException>(() => ApplyBlueprint.Apply(database.Db, "cdp", "nowhere", Ct));
        Assert.Contains("main", workspace.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_an_administrator_may()
    {
        var member = database.For(database.Beta with { Access = Access.Member });
        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => ApplyBlueprint.Apply(member, "cdp", "main", Ct));
        Assert.Equal("42501", refused.SqlState);
    }
}
