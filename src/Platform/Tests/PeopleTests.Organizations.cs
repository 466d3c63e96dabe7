using System.Text.Json;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Clientele.Platform.Tests;

public sealed partial class PeopleTests
{
    [Fact]
    public async Task A_role_of_ones_own_may_what_its_rows_say_on_every_way()
    {
        var role = new { role = "shop_floor", name = "Shop floor", beside = "viewer", permissions = new[] { new { permission = "analytics", resource = "*", action = "read" } } };
        Assert.Equal((403, "forbidden"), await (await app.Admin.Post("api/roles", role)).Problem());
        await Read(await app.Super.Post("api/roles", role));
        Assert.Equal((409, "already_exists"), await (await app.Super.Post("api/roles", role)).Problem());
        Assert.DoesNotContain("shop_floor", (await app.Stranger.Json("api/roles")).GetRawText(), StringComparison.Ordinal);
        var (clerk, id) = await Person("clerk@alpha.example", "shop_floor");
        using var _ = clerk;

        // The endpoint, the Data API and the console's session say the same.
        async Task<(int, int, bool, bool)> Sees()
        {
            var endpoint = (await (await clerk.GetAsync(new Uri("api/customers", UriKind.Relative), Ct)).Problem()).Status;
            using var request = new HttpRequestMessage(HttpMethod.Get, "rest/v1/customers?limit=1");
            request.Headers.Add("Accept-Profile", "cdp");
            var data = (int)(await clerk.SendAsync(request, Ct)).StatusCode;
            var listed = (await clerk.Json("api/data")).GetRawText().Contains("\"customers\"", StringComparison.Ordinal);
            var told = (await clerk.Json("api/session")).GetProperty("organizations")[0].GetProperty("permissions").EnumerateArray().Any(p => p.GetString() == "customer_data:customers:read");
            return (endpoint, data, listed && told, told);
        }
        Assert.Equal((403, 403, false, false), await Sees());
        Assert.Equal(200, (await Put(app.Super, "api/roles/shop_floor", new { permissions = new[] { new { permission = "customer_data", resource = "customers", action = "read" } } })).Status);
        Assert.Equal((200, 200, true, true), await Sees());

        Assert.Equal((409, "in_use"), await Delete(app.Super, "api/roles/shop_floor"));
        Assert.Equal((409, "wrong_state"), await Delete(app.Super, "api/roles/viewer"));
        Assert.Equal((409, "wrong_state"), await Put(app.Super, "api/roles/super_admin", new { permissions = Array.Empty<object>() }));
        Assert.Equal((400, "validation_failed"), await Put(app.Super, "api/roles/shop_floor", new { permissions = new[] { new { permission = "platform_management", resource = "*", action = "*" } } }));
        Assert.Equal((404, "not_found"), await Put(app.Super, "api/roles/no_such_role", new { name = "X" }));
        Assert.Equal(200, (await Put(app.Admin, $"api/people/{id}", new { role = "viewer" })).Status);
        Assert.Equal(204, (await Delete(app.Super, "api/roles/shop_floor")).Status);
    }

    [Fact]
    public async Task Why_somebody_may_do_something_is_told()
    {
        var (viewer, id) = await Person("why@alpha.example");
        using var _ = viewer;
        var yes = await app.Admin.Json($"api/people/{id}/may?permission=customer_data&resource=customers&action=read");
        Assert.Equal((true, "granted"), (yes.GetProperty("allowed").GetBoolean(), yes.GetProperty("why").GetString()));
        Assert.Equal("*", Assert.Single(yes.GetProperty("rows").EnumerateArray()).GetProperty("resource").GetString());
        var no = await app.Admin.Json($"api/people/{id}/may?permission=customer_data&resource=customers&action=delete");
        Assert.Equal((false, "not_granted"), (no.GetProperty("allowed").GetBoolean(), no.GetProperty("why").GetString()));
        Assert.Single(no.GetProperty("near").EnumerateArray());
        Assert.Equal(["super_admin", "admin"], no.GetProperty("roles").EnumerateArray().Select(r => r.GetString()));
        var super = await app.Admin.Json($"api/people/{await Id("super@alpha.example")}/may?permission=anything&resource=at_all&action=execute");
        Assert.Equal((true, "super_admin"), (super.GetProperty("allowed").GetBoolean(), super.GetProperty("why").GetString()));
        Assert.Equal("super_admin_only", (await app.Admin.Json($"api/people/{await Id("admin@alpha.example")}/may?permission=platform_management&resource=roles&action=update")).GetProperty("why").GetString());
        await Put(app.Admin, $"api/people/{id}", new { status = "suspended" });
        Assert.Equal("not_active", (await app.Admin.Json($"api/people/{id}/may?permission=customer_data&resource=customers&action=read")).GetProperty("why").GetString());
        Assert.Equal((404, "not_found"), await (await app.Stranger.GetAsync(new Uri($"api/people/{id}/may?permission=a&resource=b&action=read", UriKind.Relative), Ct)).Problem());
    }

    [Fact]
    public async Task An_organization_is_founded_handed_over_closed_reopened_and_after_thirty_days_gone()
    {
        Assert.Equal((403, "forbidden"), await (await app.Viewer.Post("api/session/organizations", new { name = "Viewer's own" })).Problem());
        var session = await Read(await app.Super.Post("api/session/organizations", new { name = "Été & Fils" }));
        Assert.Contains(session.GetProperty("organizations").EnumerateArray(), o => o.GetProperty("slug").GetString() == "ete-fils" && o.GetProperty("role").GetString() == "super_admin");
        Assert.Equal((409, "already_exists"), await (await app.Super.Post("api/session/organizations", new { name = "Ete Fils" })).Problem());
        var organization = await app.Service.One<Guid>($"select o.id from platform.organizations o where o.slug = 'ete-fils'", Ct);
        await app.AddPerson("heir@fils.example", organization, "viewer");
        using var heir = await app.SignIn("heir@fils.example", "ete-fils");
        using var founder = await app.SignIn("super@alpha.example", "ete-fils");
        var workspace = await Read(await founder.Post("api/workspaces", new { name = "Second shop", slug = "second" }));
        Assert.Equal((409, "already_exists"), await (await founder.Post("api/workspaces", new { name = "Again", slug = "second" })).Problem());
        Assert.Equal(200, (await Put(founder, $"api/workspaces/{workspace.GetProperty("id").GetGuid()}", new { name = "Renamed" })).Status);
        Assert.Equal((404, "not_found"), await Put(app.Stranger, $"api/workspaces/{workspace.GetProperty("id").GetGuid()}", new { name = "Mine" }));

        Assert.Equal((403, "forbidden"), await (await heir.Post("api/organization/transfer", new { to = await Id("heir@fils.example") })).Problem());
        Assert.Equal((400, "validation_failed"), await (await founder.Post("api/organization/transfer", new { to = await Id("viewer@alpha.example") })).Problem());
        Assert.Equal(204, (await (await founder.Post("api/organization/transfer", new { to = await Id("heir@fils.example") })).Problem()).Status);
        Assert.Equal((403, "forbidden"), await (await founder.Post("api/organization/close", new { name = "Été & Fils" })).Problem());
        await app.For(new Tenancy.Tenant(organization, null, Tenancy.Access.System)).One<Guid>($"select log.append('page_viewed', null, '{Data.Sql.Raw("{}")}', message_id => 'one')", Ct);

        Assert.Equal((400, "validation_failed"), await (await heir.Post("api/organization/close", new { name = "Ete" })).Problem());
        await Read(await heir.Post("api/organization/close", new { name = "Été & Fils" }));
        Assert.Equal((403, "organization_closed"), await (await heir.GetAsync(new Uri("api/customers", UriKind.Relative), Ct)).Problem());
        Assert.NotEqual(JsonValueKind.Null, (await heir.Json("api/organization")).GetProperty("deletedAfter").ValueKind);
        Assert.Equal((403, "forbidden"), await (await founder.Post("api/organization/reopen")).Problem());
        Assert.Equal(204, (await (await heir.Post("api/organization/reopen")).Problem()).Status);
        await heir.Json("api/customers");
        await Read(await heir.Post("api/organization/close", new { name = "Été & Fils" }));

        var system = app.For(new Tenancy.Tenant(organization, null, Tenancy.Access.System));
        await system.Run($"insert into customers.customers (customer_id) select 'c' || n from generate_series(1, 5) n", Ct);
        await system.Run($"insert into growth.points_entries (customer_id, amount, idempotency_key) select c.id, 5, c.customer_id from customers.customers c where c.customer_id = 'c3'", Ct);
        await system.Run($"insert into customers.addresses (customer_id, city) select c.id, 'Dakar' from customers.customers c", Ct);

        // Not a day too early.
        await app.Service.Run($"update platform.organizations o set closed_at = now() - interval '29 days' where o.id = {organization}", Ct);
        Assert.False(await app.Service.One<bool>($"select platform.empty_organization({organization})", Ct));
        Assert.False(await app.Service.One<bool>($"select platform.delete_organization({organization})", Ct));
        Assert.True(await app.Service.One<bool>($"select exists (select from platform.organizations o where o.id = {organization})", Ct));
        await app.Service.Run($"update platform.organizations o set closed_at = now() - interval '31 days' where o.id = {organization}", Ct);
        // A few rows at a time, whatever refers to them; the trail is told nothing of it.
        var (steps, trail) = (0, await app.Service.One<long>($"select count(*) from platform.activity_logs a where a.organization_id = {organization}", Ct));
        while (await app.Service.One<bool>($"select platform.empty_organization({organization}, 2)", Ct)) steps++;
        Assert.InRange(steps, 5, 60); // addresses take three, customers two
        // A ledger is only added to, so it stays to the end, with whom it is about.
        Assert.Equal((1, 1, 1, trail), (await system.One<int>($"select count(*)::int from customers.customers", Ct), await system.One<int>($"select count(*)::int from growth.points_entries", Ct),
            await system.One<int>($"select count(*)::int from log.events e where e.event_type = 'page_viewed'", Ct), await app.Service.One<long>($"select count(*) from platform.activity_logs a where a.organization_id = {organization}", Ct)));
        Assert.True(await app.Service.One<bool>($"select exists (select from platform.organizations o where o.id = {organization})", Ct));
        var rounds = 0;
        while (await app.Service.One<bool>($"select platform.delete_organization({organization}, 1)", Ct)) rounds++;
        Assert.InRange(rounds, 1, 20); // an event each
        foreach (var table in await app.Service.List<string>($"""
            select c.oid::regclass::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped
            where c.relkind in ('r', 'p') and not c.relispartition
            """, Ct))
            Assert.False(await app.Service.One<bool>($"select exists (select from {Data.Sql.Composed(table)} t where t.organization_id = {organization})", Ct), table);
        Assert.False(await app.Service.One<bool>($"select exists (select from platform.organizations o where o.id = {organization})", Ct));
        Assert.False(await app.Service.One<bool>($"select exists (select from platform.platform_users u where u.email = 'heir@fils.example')", Ct));
        Assert.True(await app.Service.One<bool>($"select exists (select from platform.platform_users u where u.email = 'super@alpha.example')", Ct));
        await app.Stranger.Json("api/organization");
    }

    [Fact]
    public async Task A_workspace_is_chosen_closed_and_reopened_and_after_thirty_days_its_keys_are_gone()
    {
        var word = $"shop-{Guid.NewGuid():N}"[..20];
        var made = (await Read(await app.Super.Post("api/workspaces", new { name = "Another shop", slug = word }))).GetProperty("id").GetGuid();
        using var inside = await app.SignIn("super@alpha.example", "alpha");
        inside.DefaultRequestHeaders.Add("Clientele-Workspace", word);
        var key = await Read(await inside.Post("api/keys", new { kind = "secret", name = "Of the other shop", scopes = new[] { "data:*" } }));
        Assert.Equal(made, await app.Service.One<Guid>($"select k.workspace_id from platform.api_keys k where k.id = {key.GetProperty("key").GetProperty("id").GetGuid()}", Ct));

        // Another organization neither closes nor enters it.
        Assert.Equal((404, "not_found"), await (await app.Stranger.Post($"api/workspaces/{made}/close")).Problem());
        using var elsewhere = new HttpRequestMessage(HttpMethod.Get, "api/organization");
        elsewhere.Headers.Add("Clientele-Workspace", word);
        Assert.Equal((404, "workspace_not_found"), await (await app.Stranger.SendAsync(elsewhere, Ct)).Problem());

        Assert.Equal((409, "wrong_state"), await (await app.Super.Post($"api/workspaces/{made}/reopen")).Problem());
        Assert.Equal((403, "forbidden"), await (await app.Viewer.Post($"api/workspaces/{made}/close")).Problem());
        Assert.NotEqual(JsonValueKind.Null, (await Read(await app.Super.Post($"api/workspaces/{made}/close"))).GetProperty("keysDeletedAfter").ValueKind);
        Assert.Equal((404, "workspace_not_found"), await (await inside.GetAsync(new Uri("api/organization", UriKind.Relative), Ct)).Problem());
        Assert.Empty(await app.Service.List<Guid>($"select k.id from platform.find_api_key({key.GetProperty("secret").GetString()}) k", Ct));
        Assert.Equal((400, "validation_failed"), await (await app.Super.Post("api/keys", new { kind = "write", name = "Too late", workspaceId = made })).Problem());
        var last = (await app.Super.Json("api/organization")).GetProperty("workspaces").EnumerateArray().Single(w => w.GetProperty("closedAt").ValueKind == JsonValueKind.Null).GetProperty("id").GetGuid();
        Assert.Equal((409, "last_workspace"), await (await app.Super.Post($"api/workspaces/{last}/close")).Problem());

        await Read(await app.Super.Post($"api/workspaces/{made}/reopen"));
        await inside.Json("api/organization");
        Assert.Single(await app.Service.List<Guid>($"select k.id from platform.find_api_key({key.GetProperty("secret").GetString()}) k", Ct));

        await Read(await app.Super.Post($"api/workspaces/{made}/close"));
        await app.Service.Run($"update platform.workspaces w set closed_at = now() - interval '31 days' where w.id = {made}", Ct);
        Assert.Equal((409, "wrong_state"), await (await app.Super.Post($"api/workspaces/{made}/reopen")).Problem());
        await new Health.Housekeeping(app.Services.GetRequiredService<Data.Databases>(), TimeProvider.System, NullLogger<Health.Housekeeping>.Instance).Run(Ct);
        Assert.False(await app.Service.One<bool>($"select exists (select from platform.api_keys k where k.workspace_id = {made})", Ct));
        Assert.True(await app.Service.One<bool>($"select exists (select from platform.api_keys k where k.workspace_id = {last})", Ct));
    }
}
