using System.Globalization;
using System.Text.Json;

namespace Clientele.EndToEnd.Tests;

/// <summary>The commands backup and restore on a real installation: what comes back, and what is left when they are killed.</summary>
public sealed class BackupTests
{
    private const string Question = """{"kind": "trend", "from": "2020-01-01", "to": "2029-12-31", "interval": "month", "series": [{"measure": "events"}, {"measure": "customers"}, {"measure": "sum"}]}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_restored_backup_passes_every_check_starts_and_what_follows_the_log_answers_as_before()
    {
        await using var installation = new Installation();
        string[] on = ["--data", installation.Data];
        await installation.StartServer();
        var orders = new GeneratedOrders(2_000);
        await installation.ImportOverHttp(orders);
        await installation.UntilCompleted();
        var (totals, answer) = (await installation.Totals(), await Answer(installation));

        // Beside the running server; killed halfway, it leaves nothing that is taken for a backup.
        var killed = installation.Start(["backup", .. on]);
        await Installation.Until("a half-written backup", () => Task.FromResult(killed.Process.HasExited || Directory.Exists(Backups(installation)) && Directory.EnumerateDirectories(Backups(installation), "*.partial").Any()));
        killed.Process.Kill();
        await killed.Process.WaitForExitAsync(Ct);
        Assert.Contains("There is no backup", (await installation.Run(["backup", "list", .. on])).Output, StringComparison.Ordinal);
        // A file whose bytes are nowhere: said each time, and in nobody's way.
        await installation.Scalar<object?>("insert into platform.files (organization_id, id, kind, name, content_type, bytes, sha256) select o.id, gen_random_uuid(), 'file', 'a.txt', 'text/plain', 3, sha256('abc') from platform.organizations o returning 1");
        var made = await installation.Run(["backup", .. on]);
        Assert.True(made.Process.ExitCode == 0, made.Output + made.Errors);
        Assert.Contains(Lost, made.Output, StringComparison.Ordinal);
        var name = made.Output.Split(' ')[0];
        Assert.Matches($"{name}.*, stored files lost: 1", (await installation.Run(["backup", "list", .. on])).Output);
        Assert.Equal(0, (await installation.Run(["backup", "verify", name, .. on])).Process.ExitCode);
        Assert.Empty(Directory.EnumerateDirectories(Backups(installation), "*.partial"));

        // What comes after the backup is not in it.
        await installation.Scalar<object?>("update platform.organizations set name = 'Afterwards' returning 1");
        await installation.Scalar<object?>("delete from log.consumers; delete from commerce.customer_orders; select 1");
        var refused = await installation.Run(["restore", name, "--yes", .. on]);
        Assert.Equal(2, refused.Process.ExitCode);
        Assert.Contains("in use", refused.Errors, StringComparison.Ordinal);
        await installation.StopServer();
        var announced = await installation.Run(["restore", name, .. on]);
        Assert.Equal(2, announced.Process.ExitCode);
        Assert.Contains(Lost, announced.Output, StringComparison.Ordinal);

        // Killed halfway, it has changed nothing: the installation's database is the one it was.
        var restoring = installation.Start(["restore", name, "--yes", .. on]);
        await Installation.Until("a restore at work", () => Task.FromResult(restoring.Process.HasExited || restoring.Output.Contains("as it was written", StringComparison.Ordinal)));
        await Task.Delay(Random.Shared.Next(1000), Ct);
        restoring.Process.Kill();
        await restoring.Process.WaitForExitAsync(Ct);
        await installation.StartServer();
        Assert.Equal("Afterwards", await installation.Scalar<string>("select o.name from platform.organizations o"));
        await installation.StopServer();

        var restored = await installation.Run(["restore", name, "--yes", .. on]);
        Assert.True(restored.Process.ExitCode == 0, restored.Output + restored.Errors);
        Assert.Contains("ok    commerce.totals_drift", restored.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("FAULT", restored.Output, StringComparison.Ordinal);
        Assert.Contains(Lost, restored.Output, StringComparison.Ordinal);
        await installation.StartServer();
        Assert.Equal(totals, await installation.Totals());
        Assert.Equal(2, await installation.Scalar<short>("select s.epoch from log.state s"));
        await Installation.Until("the timelines to answer as before", async () => await Answer(installation) == answer);
        await installation.Scalar<object?>("delete from platform.files returning 1");
        Assert.Equal(0, (await installation.Run(["check", .. on])).Process.ExitCode);
        // The record of the backup is younger than what it holds; it is found again where it lies.
        await Installation.Until("the backup in the list", () => installation.Scalar<bool>($"select exists (select from platform.backups b where b.name = '{name}' and b.state = 'complete')"));

        // A copy for staging: of the people in it nobody is found again, and of orders and events none is missing.
        var copied = await installation.Run(["backup", "anonymise", name, .. on]);
        Assert.True(copied.Process.ExitCode == 0, copied.Output + copied.Errors);
        var staging = await installation.Run(["restore", copied.Output.Split('\n').Single(l => l.Contains("-anonymised ", StringComparison.Ordinal)).Split(' ')[0], "--into", "staging", "--yes", .. on]);
        Assert.True(staging.Process.ExitCode == 0, staging.Output + staging.Errors);
        Assert.Equal(await installation.Scalar<string>(Shape), await installation.Scalar<string>(Shape, "staging"));
        foreach (var column in (string[])["c.customer_id", "c.email", "c.name"])
        {
            var people = await installation.Scalar<string[]>($"select coalesce(array_agg(distinct {column}) filter (where {column} <> ''), '{{}}') from customers.customers c");
            var others = await installation.Scalar<string[]>($"select coalesce(array_agg(distinct {column}) filter (where {column} <> ''), '{{}}') from customers.customers c", "staging");
            Assert.Empty(people.Intersect(others));
            Assert.True(column != "c.customer_id" || people.Length > 0 && people.Length == others.Length);
        }

        await installation.StopServer();
        Assert.Contains("_before_", (await installation.Run(["restore", "--forget", "--yes", .. on])).Output, StringComparison.Ordinal);
        Assert.Contains("Nothing was put aside", (await installation.Run(["restore", "--forget", .. on])).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_private_server_goes_back_to_a_chosen_second()
    {
        await using var installation = new Installation();
        installation.Variables["CLIENTELE_ARCHIVE"] = "256MB";
        string[] on = ["--data", installation.Data];
        await installation.StartServer();
        await Installation.Until("the first base copy", () => Task.FromResult(Directory.Exists(Path.Combine(installation.Data, "archive", "base")) && Directory.EnumerateFiles(Path.Combine(installation.Data, "archive", "base"), "base.json", SearchOption.AllDirectories).Any()));
        using (var probe = new HttpClient { BaseAddress = installation.Address })
            await Installation.Until("the age of the archive", async () => (await probe.GetStringAsync(new Uri("metrics", UriKind.Relative), Ct)).Contains("\nclientele_archive_age_seconds ", StringComparison.Ordinal));
        await installation.Scalar<object?>("update platform.organizations set name = 'Kept' returning 1");
        await Task.Delay(1100, Ct);
        var moment = await installation.Scalar<DateTime>("select clock_timestamp()");
        await Task.Delay(1100, Ct);
        await installation.Scalar<object?>("update platform.organizations set name = 'Too late' returning 1");
        var word = moment.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture) + "+00";
        Assert.Contains("in use", (await installation.Run(["restore", "--at", word, "--yes", .. on])).Errors, StringComparison.Ordinal);
        await installation.KillServer();
        var outside = await installation.Run(["restore", "--at", "2020-01-01 00:00:00", "--yes", .. on]);
        Assert.Equal(2, outside.Process.ExitCode);
        Assert.Contains("Choose one from", outside.Errors, StringComparison.Ordinal);

        var recovered = await installation.Run(["restore", "--at", word, "--yes", .. on]);
        Assert.True(recovered.Process.ExitCode == 0, recovered.Output + recovered.Errors);
        Assert.DoesNotContain("FAULT", recovered.Output, StringComparison.Ordinal);
        await installation.StartServer();
        Assert.Equal("Kept", await installation.Scalar<string>("select o.name from platform.organizations o"));
        Assert.Equal(2, await installation.Scalar<short>("select s.epoch from log.state s"));
        Assert.Single(Directory.EnumerateDirectories(installation.Data, "postgres.before-*"));
        Assert.Single(Directory.EnumerateDirectories(Path.Combine(installation.Data, "archive"), "before-*"));
        await installation.StopServer();
        var forgotten = await installation.Run(["restore", "--forget", "--yes", .. on]);
        Assert.Contains("postgres.before-", forgotten.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateDirectories(installation.Data, "*.before-*"));
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(installation.Data, "archive"), "before-*"));
    }

    private const string Lost = "WARNING: It is without 1 stored file, whose bytes were lost already when it was made";

    private const string Shape = """
        select concat_ws(' ', (select count(*) from log.events), (select count(distinct e.customer_id) from log.events e), (select sum(o.base_total) from commerce.customer_orders o),
            (select count(*) from commerce.customer_order_items), (select count(distinct c.customer_id) from customers.customers c), (select sum(f.total_revenue) from customers.customer_figures f))
        """;

    private static string Backups(Installation installation) => Path.Combine(installation.Data, "backups");

    private static async Task<string> Answer(Installation installation)
    {
        var answer = await installation.Ask("api/analytics/query", Question, patient: true);
        return answer.ValueKind == JsonValueKind.Undefined || answer.GetProperty("engine").GetString() != "timelines" ? string.Empty : answer.GetProperty("result").GetRawText();
    }
}
