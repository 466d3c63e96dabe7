using System.Net.Http.Json;
using System.Text.Json;
using Clientele.Platform.Audit;
using Clientele.Platform.Data;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Clientele.Platform.Tests;

/// <summary>The chain over the audit trail: what a superuser of the database does to it is found.</summary>
public sealed class AuditChainTests(AuditChainTests.Database database) : IClassFixture<AuditChainTests.Database>
{
    public sealed class Database : TestDatabase
    {
        public KeyRing Keys { get; } = KeyRing.Temporary();
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private AuditSealer Sealer => new(database.Databases, database.Keys, TimeProvider.System, NullLogger<AuditSealer>.Instance);

    // An organization of its own for each test, so that what one breaks is not another's.
    private async Task<Db> Organization(int entries)
    {
        var id = await database.Service.One<Guid>($"insert into platform.organizations (slug, name) values ({$"o{Guid.NewGuid():N}"[..20]}, 'O') returning id", Ct);
        var db = new Db(database.Databases.Application, Tenant.System(id));
        for (var i = 0; i < entries; i++) await Write(db, i);
        return db;
    }

    private static Task Write(Db db, int i) =>
        db.Run($$"""select platform.audit('update', 'thing', {{$"{i}"}}, old_values => '{"a": 1}', new_values => jsonb_build_object('a', {{i}}::integer), reason => 'because')""", Ct);

    private async Task Seal(Db db)
    {
        for (var patience = 0; patience < 1000; patience++)
        {
            // The watermark is the whole server's: sealed before it has passed all entries, they would be two blocks.
            if (await database.Service.One<bool>($"select coalesce(max(a.writer) < log.watermark(), true) from platform.activity_logs a where a.organization_id = {db.Tenant.OrganizationId}", Ct))
            {
                await Sealer.SealAll(Ct);
                if ((await Verify(db)).Unsealed == 0) return;
            }
            await Task.Delay(20, Ct);
        }
        throw new TimeoutException("The trail was not sealed: somebody has been writing all the time.");
    }

    private Task<AuditVerifier.Report> Verify(Db db, string? head = null, KeyRing? keys = null) => new AuditVerifier(database.Databases, keys ?? database.Keys).Verify(db.Tenant.OrganizationId!.Value, head, Ct);

    private async Task Superuser(string sql)
    {
        await using var connection = await database.OpenSuperuser();
        await connection.Run($"set session_replication_role = replica; {sql}");
    }

    private static Task<Guid> Nth(Db db, int n) => db.One<Guid>($"select a.id from platform.activity_logs a where a.organization_id = platform.organization() and a.resource_id = {$"{n}"}", Ct);

    private static Db AsAdmin(Db db, NpgsqlDataSource source) => new(source, db.Tenant with { Access = Access.Admin });

    [Fact]
    public async Task A_trail_that_nobody_touched_is_as_it_was_sealed_and_grows_block_by_block()
    {
        var (db, other) = (await Organization(5), await Organization(2));
        Assert.Equal((0L, null, 5L), await Verify(db) is var before ? (before.Entries, before.Head, before.Unsealed) : default);
        await Seal(db);
        var first = await Verify(db);
        Assert.Equal((1L, 5L), (first.Blocks, first.Entries));
        Assert.Empty(first.Faults);
        await Write(db, 99);
        await Seal(db);
        var second = await Verify(db, first.Head);
        Assert.Equal((2L, 6L, true), (second.Blocks, second.Entries, second.HasExpectedHead));
        Assert.NotEqual(first.Head, second.Head);
        Assert.Empty(second.Faults);
        Assert.False((await Verify(other, first.Head)).HasExpectedHead);
        // Another ring cannot look at the signatures, and says so.
        Assert.Equal(2, (await Verify(db, keys: KeyRing.Temporary())).Unsigned);
    }

    public static TheoryData<string, string[]> Crimes => new()
    {
        { "update platform.activity_logs set action_description = 'nothing' where id = '{3}'", ["changed {3}"] },
        { "update platform.activity_logs set new_values = '{\"a\": 7}' where id = '{3}'", ["changed {3}"] },
        { "update platform.activity_logs set user_id = null, actor = gen_random_uuid() where id = '{3}'", ["changed {3}"] },
        { "update platform.activity_logs set additional_context = '{\"x\": 1}', severity = 'debug' where id = '{3}'", ["changed {3}"] },
        { "update platform.activity_logs set old_values = null, new_values = null, salt = null where id = '{3}'", ["emptied {3}"] },
        { "delete from platform.activity_logs where id = '{3}'", ["removed {3}"] },
        { "update platform.activity_logs set id = gen_random_uuid() where id = '{3}'", ["removed {3}", "inserted"] },
        { "insert into platform.activity_logs (organization_id, activity_type, resource_type, personal_digest, epoch, writer, position) select organization_id, 'read', 'thing', sha256('x'), epoch, writer, position from platform.activity_logs where id = '{3}'", ["inserted"] },
        { "update platform.activity_logs a set (epoch, writer, position) = (b.epoch, b.writer, b.position) from platform.activity_logs b where (a.id = '{2}' and b.id = '{3}') or (a.id = '{3}' and b.id = '{2}')", ["reordered {3}", "reordered {2}"] },
        { "update platform.audit_seals set digests[3] = sha256('x') where organization_id = '{o}'", ["seal", "changed"] },
        { "update platform.audit_seals set entry_ids = entry_ids[1:3] || entry_ids[5:5], digests = digests[1:3] || digests[5:5] where organization_id = '{o}'; delete from platform.activity_logs where id = '{3}'", ["seal"] },
        // Whoever knows how it is made can make the hash anew, but not its signature.
        { "update platform.audit_seals s set digests[3] = sha256('x'), hash = platform.seal_hash(organization_id, block, sealed_at, previous, entry_ids, digests[1:2] || sha256('x') || digests[4:5]) where organization_id = '{o}'", ["signature", "changed"] },
    };

    [Theory]
    [MemberData(nameof(Crimes))]
    public async Task What_a_superuser_does_to_it_is_found(string crime, string[] expected)
    {
        var db = await Organization(5);
        await Seal(db);
        var (two, three) = (await Nth(db, 2), await Nth(db, 3));
        string Fill(string text) => text.Replace("{2}", $"{two}", StringComparison.Ordinal).Replace("{3}", $"{three}", StringComparison.Ordinal).Replace("{o}", $"{db.Tenant.OrganizationId}", StringComparison.Ordinal);
        await Superuser(Fill(crime));
        var faults = (await Verify(db)).Faults.Select(f => $"{f.Kind} {f.Entry}".Trim()).ToList();
        Assert.Equal(expected.Length, faults.Count);
        Assert.All(expected.Zip(faults), pair => Assert.StartsWith(Fill(pair.First), pair.Second, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_block_that_is_gone_leaves_a_gap_and_a_trail_that_is_cut_off_misses_its_head()
    {
        var db = await Organization(2);
        await Seal(db);
        await Write(db, 7);
        await Seal(db);
        var head = (await Verify(db)).Head;
        await Write(db, 8);
        await Seal(db);
        var organization = db.Tenant.OrganizationId;
        await Superuser($"delete from platform.audit_seals where organization_id = '{organization}' and block = 2");
        Assert.Contains("chain", (await Verify(db)).Faults.Select(f => f.Kind));
        Assert.Contains("inserted", (await Verify(db)).Faults.Select(f => f.Kind));
        await Superuser($"delete from platform.audit_seals where organization_id = '{organization}' and block > 1; delete from platform.activity_logs where organization_id = '{organization}' and resource_id in ('7', '8')");
        var cut = await Verify(db, head);
        Assert.Empty(cut.Faults);
        Assert.False(cut.HasExpectedHead);
    }

    [Fact]
    public async Task An_erasure_empties_values_and_leaves_the_chain_whole()
    {
        var (db, other) = (await Organization(3), await Organization(0));
        var person = Guid.NewGuid();
        foreach (var each in new[] { db, other }) await each.Run($"select platform.audit('update', 'customer', 'x', old_values => jsonb_build_object('name', 'Ada', 'id', {person}::text), subject_id => {person})", Ct);
        await Seal(db);
        await AsAdmin(db, database.Databases.Application).Run($"select platform.forget_in_trail(array[{person}])", Ct);
        Assert.Equal([null], await db.List<string?>($"select a.old_values::text from platform.activity_logs a where a.subject_id = {person}", Ct));
        Assert.Contains("Ada", Assert.Single(await other.List<string>($"select a.old_values::text from platform.activity_logs a where a.subject_id = {person}", Ct)), StringComparison.Ordinal);
        Assert.Empty((await Verify(db)).Faults);
        await Seal(db);
        Assert.Empty((await Verify(db)).Faults);
        Assert.Equal(1, await db.One<long>($"select count(*) from platform.activity_logs a where a.organization_id = platform.organization() and a.activity_type = 'erase'", Ct));
    }

    [Fact]
    public async Task Sealing_keeps_no_writer_and_two_nodes_make_one_chain()
    {
        var db = await Organization(0);
        await using var open = await database.Databases.Application.OpenConnectionAsync(Ct);
        // Somebody writes and does not commit for long: everybody else goes on.
        await using var transaction = await open.BeginTransactionAsync(Ct);
        await open.Run($"select set_config('clientele.organization_id', '{db.Tenant.OrganizationId}', true), set_config('clientele.access', 'system', true); select platform.audit('read', 'thing', 'slow')");
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Write(db, i)).Concat(Enumerable.Range(0, 6).Select(_ => Sealer.SealAll(Ct))));
        await transaction.CommitAsync(Ct);
        await Task.WhenAll(Seal(db), Seal(db));
        var report = await Verify(db);
        Assert.Equal(41, report.Entries);
        Assert.Empty(report.Faults);
    }
}

/// <summary>What leaves entries, and reading them over the API.</summary>
public sealed class AuditApiTests(AuditApiTests.App app) : IClassFixture<AuditApiTests.App>
{
    public sealed class App : TestApp;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<List<JsonElement>> Entries(HttpClient client, string query) => [.. (await client.Json($"api/audit?{query}")).GetProperty("items").EnumerateArray()];

    private static Task<HttpResponseMessage> Put(HttpClient client, string path, object body) => client.PutAsJsonAsync(new Uri(path, UriKind.Relative), body, ApiJson.Options, Ct);

    [Fact]
    public async Task A_change_of_configuration_says_who_what_and_by_which_request()
    {
        using (var changed = await Put(app.Admin, "api/organization", new { name = "Renamed" })) changed.EnsureSuccessStatusCode();
        var entry = (await Entries(app.Admin, "object=organization&text=renamed"))[0];
        Assert.Equal(("update", "admin", "admin@alpha.example", "admin", "PUT", "127.0.0.1"), (entry.GetProperty("action").GetString(), entry.GetProperty("actorName").GetString(), entry.GetProperty("actorEmail").GetString(),
            entry.GetProperty("actorRole").GetString(), entry.GetProperty("method").GetString(), entry.GetProperty("ipAddress").GetString()));
        Assert.Equal(("alpha", "Renamed"), (entry.GetProperty("oldValues").GetProperty("name").GetString(), entry.GetProperty("newValues").GetProperty("name").GetString()));
        Assert.Equal(["name"], entry.GetProperty("changedFields").EnumerateArray().Select(f => f.GetString()));
        Assert.Equal("/api/organization/", entry.GetProperty("endpoint").GetString());
        Assert.NotEqual(JsonValueKind.Null, entry.GetProperty("requestId").ValueKind);
        Assert.Empty(await Entries(app.Stranger, "text=renamed"));
        Assert.Equal((403, "forbidden"), await (await app.Viewer.GetAsync(new Uri("api/audit", UriKind.Relative), Ct)).Problem());
        Assert.Equal((403, "forbidden"), await (await app.Viewer.GetAsync(new Uri("api/audit/export.csv", UriKind.Relative), Ct)).Problem());
    }

    [Fact]
    public async Task Jobs_keys_settings_and_members_leave_entries_and_never_their_secrets()
    {
        var admin = app.For(app.Alpha with { Access = Access.Admin });
        var job = (await app.Admin.Json("api/jobs")).GetProperty("items")[0].GetProperty("id").GetString();
        using (await Put(app.Admin, $"api/jobs/{job}", new { timeoutSeconds = 77 })) { }
        var secret = await admin.One<string>($"select k.secret from platform.issue_api_key('audited', {app.Alpha.WorkspaceId}) k", Ct);
        await admin.Run($"select platform.keep_secret('mail.password', '\\x736573616d65'::bytea, reason => 'new provider')", Ct);
        await app.Service.Run($"update platform.organization_members m set role = 'data_analyst' from platform.platform_users u where u.id = m.user_id and u.email = 'viewer@alpha.example'", Ct);
        await app.Service.Run($"update platform.organization_members m set role = 'viewer' from platform.platform_users u where u.id = m.user_id and u.email = 'viewer@alpha.example'", Ct);

        Assert.Equal(77, (await Entries(app.Admin, $"object=job&objectId={job}"))[0].GetProperty("newValues").GetProperty("timeout_seconds").GetInt32());
        var key = (await Entries(app.Admin, "object=api_key&text=audited&action=create"))[0];
        Assert.Equal("warning", key.GetProperty("severity").GetString());
        var setting = (await Entries(app.Admin, "object=setting&text=mail.password"))[0];
        Assert.Equal(("(hidden, changed)", "new provider"), (setting.GetProperty("newValues").GetProperty("secret").GetString(), setting.GetProperty("reason").GetString()));
        Assert.Equal(("system", "data_analyst"), (await Entries(app.Admin, "object=member&severity=warning&text=data_analyst")) is [var first, ..] ? (first.GetProperty("actorType").GetString(), first.GetProperty("oldValues").GetProperty("role").GetString()) : default);
        var everything = await app.Service.One<string>($"select string_agg(a::text, ' ') from platform.activity_logs a", Ct);
        Assert.DoesNotContain(secret, everything, StringComparison.Ordinal);
        Assert.DoesNotContain("736573616d65", everything, StringComparison.Ordinal);
        Assert.Empty(await Entries(app.Stranger, "object=api_key"));
    }

    [Fact]
    public async Task A_look_at_a_customer_is_one_entry_about_them_and_the_trail_is_taken_out_as_csv()
    {
        var customer = await app.Db.One<Guid>($"insert into customers.customers (customer_id, name) values ('seen', '=1+1') returning id", Ct);
        for (var i = 0; i < 3; i++) await app.Admin.Json($"api/customers/{customer}");
        await app.Viewer.Json($"api/customers/{customer}");
        Assert.Equal((404, "not_found"), await (await app.Stranger.GetAsync(new Uri($"api/customers/{customer}", UriKind.Relative), Ct)).Problem());
        var reads = await Entries(app.Admin, $"action=read&object=customer&objectId={customer}");
        Assert.Equal(["viewer", "admin"], reads.Select(r => r.GetProperty("actorName").GetString()));
        Assert.All(reads, r => Assert.Equal($"{customer}", r.GetProperty("subjectId").GetString()));
        Assert.Empty(await Entries(app.Stranger, "action=read&object=customer"));

        await app.Db.Run($"select platform.audit('update', 'thing', 'formula', new_values => null, description => '=cmd()')", Ct);
        using var csv = await app.Admin.GetAsync(new Uri("api/audit/export.csv?object=thing", UriKind.Relative), Ct);
        var lines = (await csv.Content.ReadAsStringAsync(Ct)).Trim().Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.Contains("'=cmd()", lines[1], StringComparison.Ordinal);
        Assert.Contains("object=thing", (await Entries(app.Admin, "action=export"))[0].GetProperty("description").GetString(), StringComparison.Ordinal);
        using (var erased = await app.Admin.DeleteAsync(new Uri($"api/customers/{customer}", UriKind.Relative), Ct)) Assert.Equal(204, (int)erased.StatusCode);
        var act = (await Entries(app.Admin, $"action=erase&object=customer&objectId={customer}"))[0];
        Assert.Equal(("admin", "warning"), (act.GetProperty("actorName").GetString(), act.GetProperty("severity").GetString()));
        Assert.Empty(await Entries(app.Stranger, "action=erase"));
        var words = await app.Admin.Json("api/audit/words");
        Assert.Contains("thing", words.GetProperty("objects").EnumerateArray().Select(w => w.GetString()));
        Assert.DoesNotContain("thing", (await app.Stranger.Json("api/audit/words")).GetProperty("objects").EnumerateArray().Select(w => w.GetString()));
    }

    [Fact]
    public async Task Pages_follow_one_another_and_what_makes_no_sense_is_refused()
    {
        for (var i = 0; i < 5; i++) await app.Db.Run($"select platform.audit('update', 'paged', {$"{i}"})", Ct);
        var (seen, before) = (new List<string?>(), (string?)null);
        do
        {
            var page = await app.Admin.Json($"api/audit?object=paged&limit=2{(before is null ? "" : $"&before={Uri.EscapeDataString(before)}")}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("objectId").GetString()));
            before = page.GetProperty("before").GetString();
        }
        while (before is not null);
        Assert.Equal(["4", "3", "2", "1", "0"], seen);
        foreach (var wrong in new[] { "severity=bad", "limit=0", "limit=201", "before=x", $"text={new string('a', 256)}", "actor=%00", "from=yesterday" })
            Assert.Equal(400, (await (await app.Admin.GetAsync(new Uri($"api/audit?{wrong}", UriKind.Relative), Ct)).Problem()).Status);
    }
}
