using System.Text.Json;
using Clientele.Testing;

namespace Clientele.Platform.Tests;

/// <summary>The figures of the database, and for whom they are.</summary>
[Collection<HealthCollection>]
public sealed class DatabaseFigureTests(HealthApp app)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Operators_see_how_the_database_does_and_nobody_else()
    {
        foreach (var (client, code) in new[] { (app.Admin, "forbidden"), (app.Viewer, "forbidden"), (app.Later, "not_an_operator") })
            Assert.Equal((403, code), await (await client.GetAsync(new Uri("api/operator/database", UriKind.Relative), Ct)).Problem());

        await using (var superuser = await app.OpenSuperuser())
        {
            foreach (var statement in new[]
            {
                "create table public.figures_probe (a integer, b integer)", "insert into public.figures_probe select g, g from generate_series(1, 20000) g",
                "create index figures_probe_a on public.figures_probe (a)", "create index figures_probe_ab on public.figures_probe (a, b)", "analyze public.figures_probe",
            })
            {
                await using var run = new Npgsql.NpgsqlCommand(statement, superuser);
                await run.ExecuteNonQueryAsync(Ct);
            }
            // Somebody holds the table and somebody waits for it; whoever looks does not.
            await using var holder = await superuser.BeginTransactionAsync(Ct);
            await using (var hold = new Npgsql.NpgsqlCommand("lock table public.figures_probe", superuser)) await hold.ExecuteNonQueryAsync(Ct);
            await using var second = await app.OpenSuperuser();
            await using var wait = new Npgsql.NpgsqlCommand("select count(*) from public.figures_probe", second);
            var waiting = wait.ExecuteScalarAsync(Ct);
            var found = JsonSerializer.SerializeToElement(0);
            for (var patience = 0; patience < 200; patience++)
            {
                found = await app.Operator.Json("api/operator/database");
                if (found.GetProperty("waiting").GetArrayLength() > 0) break;
                await Task.Delay(20, Ct);
            }
            Assert.Equal(superuser.ProcessID, found.GetProperty("waiting").EnumerateArray().Single(w => w.GetProperty("pid").GetInt32() == second.ProcessID).GetProperty("blockedBy")[0].GetInt32());
            await holder.RollbackAsync(Ct);
            await waiting;
            found = await app.Operator.Json("api/operator/database");

            Assert.True(found.GetProperty("bytes").GetInt64() > 1_000_000);
            Assert.InRange(found.GetProperty("cacheHits").GetDouble(), 0, 1);
            Assert.Contains("figures_probe", found.GetProperty("tables").EnumerateArray().Select(t => t.GetProperty("name").GetString()));
            Assert.Contains("figures_probe_ab", found.GetProperty("unusedIndexes").EnumerateArray().Select(t => t.GetProperty("name").GetString()));
            var twin = found.GetProperty("duplicateIndexes").EnumerateArray().Single(t => t.GetProperty("table").GetString() == "figures_probe");
            Assert.Equal(("figures_probe_a", "figures_probe_ab"), (twin.GetProperty("name").GetString(), twin.GetProperty("other").GetString()));
            Assert.True(found.GetProperty("pools").EnumerateArray().All(p => p.GetProperty("most").GetInt64() > 0));
            Assert.Empty(found.GetProperty("unread").EnumerateArray());
        }
    }

    [Fact]
    public async Task Who_runs_the_installation_is_no_matter_of_who_is_left()
    {
        // As the console is told, for whom it shows what concerns the whole installation.
        static async Task<bool> Told(HttpClient client) => Assert.Single((await client.Json("api/session")).GetProperty("organizations").EnumerateArray()).GetProperty("isOperator").GetBoolean();
        Assert.Equal((true, false, false), (await Told(app.Operator), await Told(app.Later), await Told(app.Admin)));
        var first = app.Alpha.OrganizationId!.Value;
        Task Say(Guid? who) => app.Service.Run($"update platform.installation set operated_by = {who}", Ct);
        await app.Service.Run($"update platform.organizations set closed_at = now() where id = {first}", Ct);
        try { Assert.Equal((403, "not_an_operator"), await (await app.Later.GetAsync(new Uri("api/operator/database", UriKind.Relative), Ct)).Problem()); }
        finally { await app.Service.Run($"update platform.organizations set closed_at = null where id = {first}", Ct); }
        await Say(null);
        try
        {
            Assert.False(await Told(app.Operator));
            foreach (var client in new[] { app.Operator, app.Later })
                Assert.Equal((403, "not_an_operator"), await (await client.GetAsync(new Uri("api/operator/database", UriKind.Relative), Ct)).Problem());
        }
        finally { await Say(first); }
    }

    [Fact]
    public async Task What_cannot_be_read_of_the_database_is_named_and_the_rest_is_shown()
    {
        await using var superuser = await app.OpenSuperuser();
        await using var holder = await superuser.BeginTransactionAsync(Ct);
        await using (var hold = new Npgsql.NpgsqlCommand("lock table platform.database_sizes", superuser)) await hold.ExecuteNonQueryAsync(Ct);
        var found = await app.Operator.Json("api/operator/database");
        Assert.Contains("growth", found.GetProperty("unread").EnumerateArray().Select(u => u.GetString()));
        Assert.Empty(found.GetProperty("growth").EnumerateArray());
        Assert.True(found.GetProperty("bytes").GetInt64() > 1_000_000);
    }
}
