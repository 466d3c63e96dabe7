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
        Assert.Equal((0, 0), (again.EventTypes, again.Settings));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from events.event_schemas s", Ct));
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
