using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;

namespace Clientele.Analytics.Tests;

public sealed class DashboardTests(AnalyticsDatabase database) : IClassFixture<AnalyticsDatabase>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Task<Guid> Dashboard(Db db, string name, Guid? user, bool isDefault = false, bool isPublic = false, string layout = "{}", params string[] roles) => db.One<Guid>($"""
        insert into analytics.dashboard_configurations (name, user_id, is_default, is_public, layout_config, shared_with_roles)
        values ({name}, {user}, {isDefault}, {isPublic}, {new Json(layout)}, {roles}) returning id
        """, Ct);

    private static Task<Guid> Tile(Db db, Guid dashboard, int x = 0, int width = 3, int height = 2, int y = 0, string source = "internal", string config = "{}") => db.One<Guid>($"""
        insert into analytics.dashboard_tiles (dashboard_id, title, tile_type, position_x, position_y, width, height, data_source_type, data_config)
        values ({dashboard}, 'tile', 'metric_card', {x}, {y}, {width}, {height}, {source}, {new Json(config)}) returning id
        """, Ct);

    [Fact]
    public async Task Defect_053_A_user_has_one_default_and_the_organization_has_one()
    {
        var user = await database.Member("default");
        var first = await Dashboard(database.For(user), "mine", user.ActorId, isDefault: true);
        await AnalyticsDatabase.Refused(() => Dashboard(database.For(user), "mine too", user.ActorId, isDefault: true), "23505");
        var everybody = await Dashboard(database.Db, "everybody's", null, isDefault: true);
        await AnalyticsDatabase.Refused(() => Dashboard(database.Db, "everybody's too", null, isDefault: true), "23505");
        await Dashboard(database.For(database.Beta), "theirs", null, isDefault: true);
        await database.For(user).Run($"update analytics.dashboard_configurations set is_default = false where id = {first}", Ct);
        await Dashboard(database.For(user), "mine instead", user.ActorId, isDefault: true);
        await database.Db.Run($"delete from analytics.dashboard_configurations where id = {everybody}", Ct);
    }

    [Fact]
    public async Task A_dashboard_is_seen_by_those_it_is_shared_with_and_changed_by_its_owner()
    {
        var (owner, analyst, viewer) = (await database.Member("keeper"), await database.Member("analyst", "data_analyst"), await database.Member("looker"));
        var mine = await Dashboard(database.For(owner), "private", owner.ActorId);
        var shared = await Dashboard(database.For(owner), "shared", owner.ActorId, roles: "data_analyst");
        var open = await Dashboard(database.For(owner), "public", owner.ActorId, isPublic: true);
        foreach (var dashboard in new[] { mine, shared, open }) await Tile(database.For(owner), dashboard);
        async Task<string> Seen(Tenant tenant)
        {
            Guid[] all = [mine, shared, open];
            var names = await database.For(tenant).List<string>($"select d.name from analytics.dashboard_configurations d where d.id = any({all}) order by d.name", Ct);
            Assert.Equal(names.Count, await database.For(tenant).One<int>($"select count(*)::int from analytics.dashboard_tiles t where t.dashboard_id = any({all})", Ct));
            return string.Join(' ', names);
        }
        Assert.Equal("private public shared", await Seen(owner));
        Assert.Equal("public shared", await Seen(analyst));
        Assert.Equal("public", await Seen(viewer));
        Assert.Equal("private public shared", await Seen(viewer with { Access = Access.Admin }));
        Assert.Equal("", await Seen(database.Beta with { Access = Access.Admin }));
        Assert.Equal("", await Seen(new Tenant(database.Alpha.OrganizationId, null, Access.Key)));

        Assert.Equal(0, await database.For(viewer).Run($"update analytics.dashboard_configurations set name = 'x' where id = {open}", Ct));
        Assert.Equal(0, await database.For(viewer).Run($"delete from analytics.dashboard_tiles where dashboard_id = {open}", Ct));
        await AnalyticsDatabase.Refused(() => Tile(database.For(viewer), open), "42501");
        await AnalyticsDatabase.Refused(() => Dashboard(database.For(viewer), "for somebody else", owner.ActorId), "42501");
        await AnalyticsDatabase.Refused(() => Dashboard(database.For(owner), "no such role", owner.ActorId, roles: "emperor"), "23514");
    }

    [Fact]
    public async Task Defect_023_Views_are_counted_all_of_them()
    {
        var (owner, viewer) = (await database.Member("counted"), await database.Member("onlooker"));
        var open = await Dashboard(database.For(owner), "watched", owner.ActorId, isPublic: true);
        var closed = await Dashboard(database.For(owner), "closed", owner.ActorId);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => database.For(viewer).One<long>($"select analytics.view_dashboard({open})", Ct)));
        Assert.Equal(8, await database.For(viewer).One<long>($"select d.view_count from analytics.dashboard_configurations d where d.id = {open} and d.last_viewed_at is not null", Ct));
        Assert.Null(await database.For(viewer).One<long?>($"select analytics.view_dashboard({closed})", Ct));
        Assert.Null(await database.For(database.Beta).One<long?>($"select analytics.view_dashboard({open})", Ct));
        Assert.Equal(0, await database.For(owner).One<long>($"select d.view_count from analytics.dashboard_configurations d where d.id = {closed}", Ct));
    }

    [Fact]
    public async Task Defect_055_Tiles_have_a_size_a_dashboard_and_a_place_within_the_grid()
    {
        var dashboard = await Dashboard(database.Db, "grid", null);
        await AnalyticsDatabase.Refused(() => Tile(database.Db, dashboard, width: -1), "23514");
        await AnalyticsDatabase.Refused(() => Tile(database.Db, dashboard, height: 0), "23514");
        await AnalyticsDatabase.Refused(() => Tile(database.Db, dashboard, x: -1), "23514");
        await AnalyticsDatabase.Refused(() => Tile(database.Db, dashboard, y: -1), "23514");
        await AnalyticsDatabase.Refused(() => Tile(database.Db, dashboard, x: 10, width: 3), "23514");
        await AnalyticsDatabase.Refused(() => Tile(database.Db, Guid.CreateVersion7()), "23503");
        await AnalyticsDatabase.Refused(() => database.Db.Run($"""
            insert into analytics.dashboard_tiles (title, tile_type, position_x, position_y, width, height, data_source_type, data_config) values ('t', 'map', 0, 0, 1, 1, 'internal', jsonb_build_object())
            """, Ct), "23502");
        await AnalyticsDatabase.Refused(() => Tile(database.Db, dashboard, source: "custom_query"), "23514");
        await Tile(database.Db, dashboard, source: "custom_query", config: """{"sql": "select 1"}""");
        await Tile(database.Db, dashboard, x: 9);
        await Tile(database.Db, await Dashboard(database.Db, "wide", null, layout: """{"grid_columns": 24}"""), x: 20);
        await AnalyticsDatabase.Refused(() => Dashboard(database.Db, "no grid", null, layout: """{"grid_columns": 0}"""), "23514");
    }

    [Fact]
    public async Task A_dashboard_holds_fifty_tiles_however_many_come_at_once()
    {
        var dashboard = await Dashboard(database.Db, "full", null);
        await database.Db.Run($"""
            insert into analytics.dashboard_tiles (dashboard_id, title, tile_type, position_x, position_y, width, height, data_source_type, data_config)
            select {dashboard}, 't', 'list', 0, n, 1, 1, 'internal', jsonb_build_object() from generate_series(1, 47) as n
            """, Ct);
        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            try { await Tile(database.Db, dashboard); return 1; }
            catch (Npgsql.PostgresException e) when (e.SqlState == "CL003") { return 0; }
        }));
        Assert.Equal(3, made.Sum());
        Assert.Equal(50, await database.Db.One<int>($"select count(*)::int from analytics.dashboard_tiles t where t.dashboard_id = {dashboard}", Ct));
    }

    [Fact]
    public async Task Defect_065_Due_tiles_are_found_by_their_time()
    {
        var tile = await Tile(database.Db, await Dashboard(database.Db, "due", null));
        async Task<bool> Due(string at) => await database.Db.One<bool>($"select t.next_refresh_at <= {at}::timestamptz from analytics.dashboard_tiles t where t.id = {tile}", Ct);
        Assert.True(await Due("2020-01-01T00:00Z"));
        await database.Db.Run($"update analytics.dashboard_tiles set last_refreshed_at = '2026-03-29T00:59Z', refresh_interval_seconds = 120 where id = {tile}", Ct);
        Assert.False(await Due("2026-03-29T01:00:59Z"));
        Assert.True(await Due("2026-03-29T01:01:00Z"));
        await database.Db.Run($"update analytics.dashboard_tiles set auto_refresh = false where id = {tile}", Ct);
        Assert.True(await database.Db.One<bool>($"select t.next_refresh_at is null from analytics.dashboard_tiles t where t.id = {tile}", Ct));
        Assert.Contains("WHERE (auto_refresh AND is_active)", await database.Service.One<string>($"select pg_get_indexdef('analytics.dashboard_tiles_due'::regclass)", Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Defect_055_A_key_figure_in_sql_has_sql_and_names_are_the_organizations_own()
    {
        async Task<long> Kpi(Db db, string name, string method, string? sql = null, string category = "revenue", string range = "30d") => await db.Run($"""
            insert into analytics.kpi_definitions (name, display_name, category, calculation_method, calculation_sql, default_time_range) values ({name}, {name}, {category}, {method}, {sql}, {range})
            """, Ct);
        await AnalyticsDatabase.Refused(() => Kpi(database.Db, "k1", "custom_sql"), "23514");
        await AnalyticsDatabase.Refused(() => Kpi(database.Db, "k1", "custom_sql", "  "), "23514");
        await AnalyticsDatabase.Refused(() => Kpi(database.Db, "k1", "sum", category: "luck"), "23514");
        await AnalyticsDatabase.Refused(() => Kpi(database.Db, "k1", "sum", range: "soon"), "23514");
        Assert.Equal(1, await Kpi(database.Db, "k1", "custom_sql", "select 1"));
        await AnalyticsDatabase.Refused(() => Kpi(database.Db, "k1", "count"), "23505");
        Assert.Equal(1, await Kpi(database.For(database.Beta), "k1", "count"));
    }
}
