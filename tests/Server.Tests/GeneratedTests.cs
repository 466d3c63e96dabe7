using System.Diagnostics;
using System.Text.RegularExpressions;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Server.Tests;

/// <summary>
/// Files that are made from the build and committed, so that a change shows in the diff. A difference fails the test and
/// leaves the new text in place: look at it, and commit it when it is meant.
/// </summary>
[Collection(nameof(OneServer))]
public sealed partial class GeneratedTests(TestApp app)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_OpenAPI_document_is_the_committed_one()
    {
        var document = await app.Anonymous.GetStringAsync(new Uri("openapi/v1.json", UriKind.Relative), Ct);
        await Matches("docs/api/openapi.json", document.ReplaceLineEndings("\n").TrimEnd() + "\n");
    }

    [Fact]
    public async Task The_schema_is_the_committed_one()
    {
        var server = new NpgsqlConnectionStringBuilder(await TestServer.Connection) { Database = new NpgsqlConnectionStringBuilder(app.ConnectionString).Database };
        var start = new ProcessStartInfo(PgDump(), ["--schema-only", "--no-owner", "--no-tablespaces", "--no-security-labels", server.Database!]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PGHOST"] = server.Host;
        start.Environment["PGPORT"] = server.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        start.Environment["PGUSER"] = server.Username;
        start.Environment["PGPASSWORD"] = server.Password;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(Ct);
        var dump = await process.StandardOutput.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        Assert.True(process.ExitCode == 0, await errors);
        await Matches("docs/schema.sql", Plain(dump));
    }

    // Monthly partitions depend on the day, versions on the machine: they are no part of the schema.
    private static string Plain(string dump)
    {
        var blocks = dump.ReplaceLineEndings("\n").Split("\n--\n-- Name: ").Where(b => !Partition().IsMatch(b));
        var text = string.Join("\n--\n-- Name: ", blocks);
        text = Noise().Replace(text, string.Empty);
        return Blank().Replace(text, "\n\n").Trim() + "\n";
    }

    private static string PgDump() => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(d => Path.Combine(d, "bin/pg_dump")).First(File.Exists)
        : "pg_dump";

    private static async Task Matches(string path, string text)
    {
        var file = Path.Combine(SharedData.Root, path);
        var before = File.Exists(file) ? await File.ReadAllTextAsync(file, Ct) : string.Empty;
        if (before == text) return;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, text, Ct);
        Assert.Fail($"{path} was not up to date. It is now: look at the difference and commit it.");
    }

    [GeneratedRegex(@"\Aevents_(\d{4}_\d{2}|history)|\A[A-Z ]*events_(\d{4}_\d{2}|history)|\Aevents events_(\d{4}|history)|log\.events_(\d{4}_\d{2}|history)")]
    private static partial Regex Partition();

    [GeneratedRegex(@"(?m)^(--.*Dumped (from|by).*|SET .*;|SELECT pg_catalog\.set_config.*;|\\(un)?restrict .*|-- PostgreSQL database dump( complete)?|--)\n")]
    private static partial Regex Noise();

    [GeneratedRegex(@"\n{3,}")]
    private static partial Regex Blank();
}
