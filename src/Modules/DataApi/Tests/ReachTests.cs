using System.Text.Json;
using Clientele.DataApi.Catalogue;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Npgsql;

namespace Clientele.DataApi.Tests;

/// <summary>What is told of at all: relations whose rows the asker could read, by the policies of what they stand on.</summary>
public sealed partial class BrowseTests
{
    private async Task<List<string>> Described(HttpClient client, string schema, string? key = null)
    {
        var description = await Description(client, schema, key);
        return description.ValueKind == JsonValueKind.Number ? [description.GetRawText()]
            : [.. description.GetProperty("paths").EnumerateObject().Where(p => p.Name.Length > 1).SelectMany(p => p.Value.EnumerateObject().Select(o => $"{o.Name} {p.Name[1..]}"))];
    }

    // The document, or the status of a refusal.
    private async Task<JsonElement> Description(HttpClient client, string schema, string? key = null)
    {
        using var anyone = new HttpClient { BaseAddress = app.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("rest/v1/", UriKind.Relative));
        request.Headers.Add("Accept-Profile", schema);
        request.Headers.Accept.ParseAdd("application/openapi+json");
        if (key is not null) request.Headers.Add("apikey", key);
        using var answer = await (key is null ? client : anyone).SendAsync(request, Ct);
        return answer.IsSuccessStatusCode ? JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Ct)) : JsonSerializer.SerializeToElement((int)answer.StatusCode);
    }

    [Fact]
    public async Task Nobody_is_told_of_tables_that_show_them_no_row()
    {
        var key = await app.Issue(app.Alpha);
        var (admin, viewer, secret) = (await Described(app.Admin, "platform"), await Described(app.Viewer, "platform"), await Described(app.Anonymous, "platform", key));
        // Administrators read the keys and the trail, members imports, whoever has a key the workspaces.
        Assert.All((string[])["get api_keys", "patch api_keys", "get activity_logs", "get imports", "get workspaces"], o => Assert.Contains(o, admin));
        Assert.All((string[])["get imports", "get workspaces", "get platform_users", "get member_sessions"], o => Assert.Contains(o, viewer));
        Assert.DoesNotContain(viewer, o => o.Split(' ')[1] is "api_keys" or "activity_logs");
        Assert.Contains("get workspaces", secret);
        Assert.Contains("get roles", secret);
        Assert.DoesNotContain(secret, o => o.Split(' ')[1] is "api_keys" or "activity_logs" or "imports" or "platform_users" or "member_sessions" or "organization_members");
        // A key adds no workspace, which only an administrator may; a member writes nothing.
        Assert.DoesNotContain("post workspaces", secret);
        Assert.Contains("post workspaces", admin);
        Assert.All(viewer, o => Assert.StartsWith("get ", o));
        // What the platform keeps to itself is told to nobody, however much is granted; another organization makes no difference.
        Assert.DoesNotContain("get account_sessions", await Described(app.Admin, "customers"));
        Assert.Equal(admin, await Described(app.Stranger, "platform"));
        Assert.Equal(secret, await Described(app.Anonymous, "platform", app.BetaKey));
        // A view shows what it stands on shows.
        Assert.Contains("get activity_logs", await Described(app.Admin, "cdp"));
        var product = await Described(app.Anonymous, "cdp", key);
        Assert.Contains("get customers", product);
        Assert.Contains("post customers", product);
        Assert.DoesNotContain("get activity_logs", product);
        Assert.DoesNotContain("get activity_logs", await Described(app.Viewer, "cdp"));
        // Nor does a column tell where its key leads, when that is nothing for them.
        const string Leads = "This is a Foreign Key to `platform_users.";
        Assert.Contains(Leads, (await Description(app.Viewer, "platform")).GetProperty("definitions").GetProperty("setting_values").GetRawText(), StringComparison.Ordinal);
        var values = (await Description(app.Anonymous, "platform", key)).GetProperty("definitions").GetProperty("setting_values").GetRawText();
        Assert.Contains("last_changed_by", values, StringComparison.Ordinal);
        Assert.DoesNotContain("platform_users", values, StringComparison.Ordinal);
        // What stands in web pages opens nothing.
        var page = await app.For(app.Alpha with { Access = Access.System }).One<string>($"select k.public_key from platform.api_keys k where k.public_key is not null limit 1", Ct);
        Assert.Equal(["401"], await Described(app.Anonymous, "platform", page));
    }

    // The policies themselves, asked of PostgreSQL with a row that fits as well as one can: it belongs to who asks.
    [Fact]
    public async Task Whatever_a_policy_lets_through_is_told_and_what_it_never_does_is_not()
    {
        var known = await ((Rest.RestApi)app.Services.GetService(typeof(Rest.RestApi))!).Offered(Ct);
        await using var connection = await app.OpenSuperuser();
        var actor = await app.Service.One<Guid>($"select u.id from platform.platform_users u where u.email = 'admin@alpha.example'", Ct);
        var policies = new List<(string Relation, uint Oid, string Name, char Command, string Predicate)>();
        await using (var command = new NpgsqlCommand("""
            select c.oid::regclass::text, c.oid, c.relname, p.polcmd, coalesce(case when p.polcmd = 'a' then pg_get_expr(p.polwithcheck, c.oid) end, pg_get_expr(p.polqual, c.oid))
            from pg_policy p join pg_class c on c.oid = p.polrelid
            where p.polpermissive and 'clientele_app'::regrole = any(p.polroles)
            """, connection))
        await using (var reader = await command.ExecuteReaderAsync(Ct))
            while (await reader.ReadAsync(Ct)) policies.Add((reader.GetString(0), reader.GetFieldValue<uint>(1), reader.GetString(2), reader.GetFieldValue<char>(3), reader.GetString(4)));
        Assert.True(policies.Count > 150, $"{policies.Count} policies");

        Access[] classes = [Access.Visitor, Access.Key, Access.Member, Access.Admin];
        var (hidden, told, exact) = (new List<string>(), new List<string>(), 0);
        foreach (var (relation, oid, name, letter, predicate) in policies)
        {
            var least = Predicate.Least(predicate);
            foreach (var access in classes)
            {
                await using var transaction = await connection.BeginTransactionAsync(Ct);
                await using var ask = new NpgsqlBatch(connection, transaction)
                {
                    BatchCommands =
                    {
                        new("set local role clientele_app"),
                        new($"select set_config('clientele.organization_id', '{app.Alpha.OrganizationId}', true), set_config('clientele.access', '{Words.Of(access)}', true), set_config('clientele.actor_id', '{(access >= Access.Member ? actor : null)}', true)"),
                        new($"""
                            select exists (
                                select from (select (jsonb_populate_record(null::{relation}, jsonb_build_object('organization_id', '{app.Alpha.OrganizationId}', 'workspace_id', null, 'about', '{app.Alpha.OrganizationId}', 'user_id', '{actor}',
                                    'id', '{(relation == "platform.organizations" ? app.Alpha.OrganizationId : actor)}', 'amount', -1))).*) as "{name}"
                                where {predicate})
                            """),
                    },
                };
                var passes = (bool)(await Last(ask))!;
                if (passes && least > access) hidden.Add($"{relation} {letter} {access}: {predicate}");
                if (!passes && least <= access) told.Add($"{relation}");
                else exact++;
                if (passes && letter is 'r' or '*' && known.Relations[oid] is { Granted.Select: true } r) Assert.True(r.Reach.Read <= access, $"{relation} shows rows to {access}");
            }
        }
        Assert.Empty(hidden);
        // These need rows elsewhere, or a rank among administrators.
        Assert.Empty(told.Distinct().Except(["analytics.dashboard_tiles", "platform.role_permissions", "platform.organization_roles"]));
        Assert.True(exact > 600, $"{exact}");
    }

    private static async Task<object?> Last(NpgsqlBatch batch)
    {
        await using var reader = await batch.ExecuteReaderAsync(Ct);
        object? last = null;
        do
        {
            while (await reader.ReadAsync(Ct)) last = reader.GetValue(0);
        }
        while (await reader.NextResultAsync(Ct));
        return last;
    }

    [Theory]
    [InlineData("true", Access.Visitor)]
    [InlineData("false", Access.System)]
    [InlineData("(organization_id = ( SELECT platform.tenant('member'::text) AS tenant))", Access.Member)]
    [InlineData("((a = 'x OR y'::text) AND (organization_id = ( SELECT platform.tenant('admin'::text) AS tenant)))", Access.Admin)]
    [InlineData("((organization_id = ( SELECT platform.tenant('admin'::text) AS tenant)) OR (user_id = ( SELECT platform.actor() AS actor)))", Access.Member)]
    [InlineData("((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)) OR is_public)", Access.Visitor)]
    [InlineData("(NOT (organization_id = ( SELECT platform.tenant('admin'::text) AS tenant)))", Access.Visitor)]
    [InlineData("((( SELECT platform.tenant('admin'::text) AS tenant) IS NOT NULL) AND (n > 0))", Access.Admin)]
    [InlineData("(( SELECT platform.tenant('admin'::text) AS tenant) IS NULL)", Access.Visitor)]
    [InlineData("(organization_id = ( SELECT platform.tenant('nobody'::text) AS tenant))", Access.System)]
    [InlineData("(EXISTS ( SELECT\n   FROM platform.x m\n  WHERE ((m.organization_id = ( SELECT platform.tenant('member'::text) AS tenant)) AND (m.id = t.id))))", Access.Member)]
    [InlineData("(EXISTS ( SELECT count(*) AS count FROM platform.x m WHERE (m.organization_id = ( SELECT platform.tenant('member'::text) AS tenant))))", Access.Visitor)]
    [InlineData("(EXISTS ( SELECT FROM x WHERE false UNION SELECT FROM y WHERE (y.o = ( SELECT platform.tenant('admin'::text) AS tenant))))", Access.Visitor)]
    public void A_policy_asks_for_the_least_access_its_predicate_holds_for(string predicate, Access least) => Assert.Equal(least, Predicate.Least(predicate));

    [Fact]
    public async Task A_view_has_rows_when_what_it_must_read_has()
    {
        await using var connection = await app.OpenSuperuser();
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        const string Views = """
            create view commerce.v_join with (security_invoker = true) as select w.id from platform.workspaces w join platform.api_keys k on k.workspace_id = w.id;
            create view commerce.v_left with (security_invoker = true) as select w.id, k.name from platform.workspaces w left join platform.api_keys k on k.workspace_id = w.id;
            create view commerce.v_right with (security_invoker = true) as select w.id, k.name from platform.workspaces w right join platform.api_keys k on k.workspace_id = w.id;
            create view commerce.v_union with (security_invoker = true) as select w.id from platform.workspaces w union all select k.id from platform.api_keys k;
            create view commerce.v_count with (security_invoker = true) as select count(*) from platform.api_keys;
            create view commerce.v_groups with (security_invoker = true) as select k.name, count(*) from platform.api_keys k group by 1;
            create view commerce.v_with with (security_invoker = true) as with k as materialized (select * from platform.api_keys), w as (select * from platform.workspaces) select k.id from k, w;
            create view commerce.v_deep with (security_invoker = true) as select * from (select * from commerce.v_join limit 10) j;
            create view commerce.v_owner as select k.id from platform.api_keys k;
            create view commerce.v_own as select k.id from platform.api_keys k where k.organization_id = platform.tenant('member');
            create view commerce.v_shut with (security_invoker = true) as select * from platform.platform_user_sessions;
            grant select, insert on all tables in schema commerce to clientele_app
            """;
        foreach (var statement in Views.Split(';'))
            await connection.Run(statement);
        var known = await CatalogueLoader.Load(connection, new Exposure(["commerce"], ["public"]) { Role = "clientele_app", TenantColumn = "organization_id" }, null, Ct);
        Reach Of(string view) => known.FindRelation("commerce", view)!.Reach;
        var reads = ((string[])["v_join", "v_left", "v_right", "v_union", "v_count", "v_groups", "v_with", "v_deep", "v_owner", "v_own", "v_shut"]).Select(v => (v, Of(v).Read));
        Assert.Equal(
            [
                ("v_join", Access.Admin), ("v_left", Access.Key), ("v_right", Access.Admin), ("v_union", Access.Key), ("v_count", Access.Visitor), ("v_groups", Access.Admin),
                ("v_with", Access.Admin), ("v_deep", Access.Admin), ("v_owner", Access.Visitor), ("v_own", Access.Member), ("v_shut", Access.System),
            ],
            reads);
        Assert.Equal((Access.Member, Access.System), (known.FindRelation("commerce", "staged_order_lines")!.Reach.Insert, known.Relations.Values.Single(r => r.ToString() == "platform.activity_logs").Reach.Update));
    }

    [Fact]
    public async Task A_view_is_read_again_when_it_has_changed_and_only_then()
    {
        await using var connection = await app.OpenSuperuser();
        Task<Catalogue.Catalogue> Read(Catalogue.Catalogue? before) =>
            CatalogueLoader.Load(connection, new Exposure(["commerce"], ["public"]) { Role = "clientele_app", TenantColumn = "organization_id" }, before, Ct);
        await connection.Run("create view commerce.r_changed with (security_invoker = true) as select k.name from platform.api_keys k; create view commerce.r_same with (security_invoker = true) as select w.name from platform.workspaces w");
        try
        {
            var first = await Read(null);
            await connection.Run("create or replace view commerce.r_changed with (security_invoker = true) as select w.name, k.id from platform.workspaces w join platform.api_keys k on k.workspace_id = w.id");
            var second = await Read(first);
            static string Of(Catalogue.Catalogue known, string view) => string.Join(", ", known.Relations.Values.Single(r => r.Name == view).Origins.Select(o => $"{o.Key} is {o.Value.Table}.{o.Value.Column}"));
            Assert.Equal("name is platform.api_keys.name", Of(first, "r_changed"));
            Assert.Equal("name is platform.workspaces.name, id is platform.api_keys.id", Of(second, "r_changed"));
            Assert.Equal(Of(first, "r_same"), Of(second, "r_same"));
            // Of the rest nothing was sent.
            var (changed, same) = (second.Relations.Values.Single(r => r.Name == "r_changed").Oid, second.Relations.Values.Single(r => r.Name == "r_same").Oid);
            Assert.NotSame(first.Rules[changed], second.Rules[changed]);
            Assert.Same(first.Rules[same], second.Rules[same]);
            Assert.All(second.Rules.Where(r => first.Rules.ContainsKey(r.Key) && r.Key != changed), r => Assert.Same(first.Rules[r.Key], r.Value));
            await connection.Run("drop view commerce.r_changed");
            Assert.DoesNotContain(changed, (await Read(second)).Rules.Keys);
        }
        finally
        {
            await connection.Run("drop view if exists commerce.r_changed, commerce.r_same");
        }
    }
}
